# /start
welcome =
    Welcome, <b>{ $name }</b>!

    I am { $bot }. /help shows what I can do for you.
welcome-back =
    Good to see you again, <b>{ $name }</b>.

    /help shows what I can do for you.
claimed =
    <b>You are the owner now.</b>

    Send /help again: there is more in it for you. /console opens the operator console.
claim-refused = This claim link has been used or is out of date. As long as nobody owns this business, each start of botyard prints a new one.

# /help
help-title = <b>What I can do for you</b>
help-line = /{ $command } – { $description }
help-more = <i>/help &lt;command&gt; tells more about one of them.</i>
help-usage = <b>Usage:</b> <code>/{ $command }{ $usage }</code>
help-aliases = <b>Also:</b> { $aliases }
help-role = <b>For:</b> { $role } and above
help-none = You have no command /{ $command }. /help shows those you have.

# /status
status-title = <b>{ $name }</b>
status-role = Role: <b>{ $role }</b>
status-raised = Role: <b>{ $role }</b> until { $until }
status-since = With us since { $date }
status-visitor = You have not joined yet: /start

# /console and /admin
console-link =
    <b>Sign in to the console</b>

    { $url }

    The link works once, within 5 minutes. Do not pass it on.
console-private = I send sign-in links only in a private chat. Write to me there: /console
console-one-bot = You are an admin of { $bot } only. The console shows all bots, so it is for admins of the whole business.
admin-title = <b>Operator menu</b>
admin-bot = { $bot }: { $pending } updates waiting, { $outgoing } messages to send, { $dead } dead letters
admin-console = /console opens the operator console.

# /role
role-ask =
    Whose role, and which?

    For example <code>@ana ADMIN</code>, or <code>123456789 ADMIN 7d</code> for a week. Roles: PUBLIC, ADMIN, OWNER.
role-usage =
    I need a member and a role: <code>/role @ana ADMIN</code>

    • for a week: <code>/role @ana ADMIN 7d</code>, until a day: <code>/role @ana ADMIN 2027-01-31</code>
    • for one bot only: <code>/role @ana ADMIN bot:{ $bot }</code>
    • or reply to a message of theirs with <code>/role ADMIN</code>

    Roles: PUBLIC, ADMIN, OWNER. Who has paid time is SUBSCRIBER.
role-no-member = I know no member { $who }. They must have written to a bot of yours first.
role-no-bot = There is no bot { $bot } here. There is: { $bots }.
role-no-date = { $until } is not in the future.
role-changed = <b>{ $name }</b> is { $after } now (was { $before }).
role-unchanged = <b>{ $name }</b> is { $after } already.
role-raised = <b>{ $name }</b> is { $role } { $scope }.
role-scope-all = on all bots, until { $until }
role-scope-bot = on { $bot }
role-scope-both = on { $bot }, until { $until }
role-last-owner = <b>{ $name }</b> is the last owner and must stay one. Make another member OWNER first.
role-not-given = Nobody is made SUBSCRIBER: a member is one as long as he has paid time. <code>/grant</code> gives him some, <code>/role</code> PUBLIC takes a higher role from him.
role-delegate = Your role as an owner is for a while or for one bot only. Roles are changed by an owner for good, of all bots.
role-too-low = <b>{ $name }</b> is { $role } already. For a while or on one bot, a role can only be raised.

# /tag and /untag
tag-usage = Write <code>/tag @ana vip</code> to put a tag on a member, <code>/untag @ana vip</code> to take it off, <code>/tag @ana</code> to see the tags.
tag-private = Write to me about tags in our private chat: /tag
tag-problem = <b>This does not work.</b> { $problem }
tags = Tags of <b>{ $name }</b>: { $tags }
tags-none = <b>{ $name }</b> has no tags.

# /timezone
timezone = Your time zone is <b>{ $zone }</b>: it is { $time } there now. To change it, send <code>/timezone</code> and a city.
timezone-unknown = I do not know your time zone. Tell me with a city near you: <code>/timezone London</code>
timezone-none = I know no time zone “{ $typed }”. Try the nearest big city, such as <code>/timezone London</code>, or a name such as <code>/timezone Europe/London</code>.
timezone-private = Tell me in our private chat: /timezone
