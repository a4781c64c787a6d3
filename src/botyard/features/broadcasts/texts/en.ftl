# what members see
broadcast-over = This is over. Thank you all the same!
broadcast-left-short = Done. You get no more of these.
broadcast-left =
    { $topic ->
        [offers] You get no more offers from us.
        [news] You get no more news from us.
        [guides] You get no more guides from us.
       *[other] You get no more messages of this kind from us.
    }

    Was that a mistake?
broadcast-button-undo = Undo: keep sending them
broadcast-back-short = Welcome back!
broadcast-back = You are back on the list.
broadcast-link-stale = This link is out of date. /newsletter shows what you get from us, and changes it.

# /broadcast: the list
broadcast-private = Write to me about broadcasts in our private chat: /broadcast
broadcasts-title = <b>Broadcasts</b> ({ $count })
broadcasts-none =
    <b>There is no broadcast yet.</b>

    A broadcast is one message for many members. You write it, say who gets it, look at it on your own phone, and start it.
broadcasts-line = { $id }. <b>{ $name }</b> – { $state ->
        [draft] draft
        [scheduled] scheduled
        [asking] waits for your yes
        [freezing] getting ready
        [running] running
        [paused] paused
        [asking_again] waits for a second admin's yes
        [finished] finished
       *[cancelled] cancelled
    }
broadcast-gone = This broadcast is gone.
broadcast-problem-with = <b>This does not work.</b> { $problem }
broadcast-help =
    <b>Broadcasts in words</b>

    <code>/broadcast new Spring offer</code> – begins one
    <code>/broadcast 3</code> – shows number 3
    <code>/broadcast audience 3 language de or en, seen in 30 days, not tag slow</code>
    <code>/broadcast topic 3 news</code>
    <code>/broadcast schedule 3 tomorrow 09:00 Europe/London</code>
    <code>/broadcast start 3</code>, <code>pause 3</code>, <code>resume 3</code>, <code>cancel 3</code>

    Buttons, a line each:

    <pre>/broadcast buttons 3
    Join | tracked | https://example.com
    Interested | press | Thanks, we will write to you</pre>

# the card
broadcast-title = <b>{ $name }</b> (no. { $id }) – { $state ->
        [draft] draft
        [scheduled] scheduled
        [asking] waits for your yes
        [freezing] getting ready
        [running] running
        [paused] paused
        [asking_again] waits for a second admin's yes
        [finished] finished
       *[cancelled] cancelled
    }
broadcast-no-message = It says nothing yet.
broadcast-several = { $count } messages:
broadcast-variant-short = • { $who }: { $what }
broadcast-what-plain = { $kind ->
        [text] A text
        [photo] A photo
        [video] A video
        [animation] An animation
        [audio] An audio file
        [document] A file
        [voice] A voice message
        [album] An album of { $files }
       *[copy] A copy of your message, as it is
    }
broadcast-what = { $kind ->
        [text] “{ $text }”
        [photo] A photo: “{ $text }”
        [video] A video: “{ $text }”
        [animation] An animation: “{ $text }”
        [audio] An audio file: “{ $text }”
        [document] A file: “{ $text }”
        [voice] A voice message: “{ $text }”
        [album] An album of { $files }: “{ $text }”
       *[copy] A copy of your message: “{ $text }”
    }
broadcast-buttons = Buttons: { $names }
broadcast-topic = Topic: { $topic ->
        [offers] offers
        [news] news
        [guides] guides
       *[service] the service itself
    }
broadcast-audience = For: { $audience }
broadcast-reach = Goes to <b>{ $recipients ->
        [one] 1 member
       *[other] { $recipients } members
    }</b>{ $unreachable ->
        [0] {""}
        [one] ; 1 more has blocked the bot
       *[other] ; { $unreachable } more have blocked the bot
    }
broadcast-options = Options: { $options }
broadcast-scheduled = Starts: { $at }
broadcast-note = ⚠️ { $note }
broadcast-trying = The test is being sent to you…
broadcast-test-failed = The test of <b>{ $name }</b> did not arrive: { $why }. It does not count as tested.
broadcast-untested = Test it before you start it.
broadcast-untested-change = Its text was changed: test it before you resume it.
broadcast-bar = <code>{ $bar }</code> { $percent }%
broadcast-counts = { $sent } of { $total } sent
broadcast-count-failed = Failed: { $count }
broadcast-count-blocked = Have blocked the bot: { $count }
broadcast-count-unknown = May or may not have arrived: { $count }
broadcast-count-skipped = Left out: { $count }
broadcast-speed = { $rate } a second, { $time } left
broadcast-deleting = Being deleted…
broadcast-deleted = Deleted again: { $count ->
        [one] 1 message
       *[other] { $count } messages
    }
broadcast-result-of = { $number } ({ $who }):
broadcast-result = { $message }{ $sent } sent, { $clicks ->
        [one] 1 click
       *[other] { $clicks } clicks
    }, { $left } left the list, { $started } came back
broadcast-sales =
    {""}, { $sales ->
        [one] 1 sale
       *[other] { $sales } sales
    }, { $renewals ->
        [one] 1 renewal
       *[other] { $renewals } renewals
    }{ $refunds ->
        [0] {""}
        [one] , 1 returned
       *[other] , { $refunds } returned
    }: { $money }
broadcast-seconds = { $seconds } s
broadcast-minutes = { $minutes } min { $seconds } s
broadcast-hours = { $hours } h { $minutes } min

# its buttons
broadcast-button-new = New broadcast
broadcast-button-test = Test to me
broadcast-button-message = Message
broadcast-button-buttons = Buttons
broadcast-button-audience = Audience
broadcast-button-topic = Topic
broadcast-button-options = Options
broadcast-button-variants = Variants
broadcast-button-schedule = Schedule
broadcast-button-unschedule = Do not start by itself
broadcast-button-start = Start
broadcast-button-drop = Delete draft
broadcast-button-all = « All broadcasts
broadcast-button-back = « Back
broadcast-button-refresh = Refresh
broadcast-button-pause = Pause
broadcast-button-resume = Resume
broadcast-button-cancel = Cancel
broadcast-button-change = Change message
broadcast-button-retry = Retry failures ({ $count })
broadcast-button-delete = Delete what was sent
broadcast-button-variant = { $number }. { $who }
broadcast-button-add-variant = Add one
broadcast-button-who = For whom
broadcast-button-remove = Remove

# what presses are answered with
broadcast-tested = On its way to you.
broadcast-started = It has started.
broadcast-waits-for-second = It waits for a second admin's yes.
broadcast-has-begun = It has begun already.
broadcast-paused = Paused. Nothing more is sent.
broadcast-resumed = It goes on.
broadcast-cancelled = Cancelled. Nothing more is sent.
broadcast-retried = { $count ->
        [0] Nothing has failed.
        [one] 1 is tried again.
       *[other] { $count } are tried again.
    }
broadcast-dropped = The draft is deleted.

# questions
broadcast-start-question = <b>{ $name }:</b> send to { $count ->
        [one] 1 member
       *[other] { $count } members
    }?
broadcast-takes = It takes about { $time }.
broadcast-costs = It costs up to { $stars ->
        [one] 1 Star
       *[other] { $stars } Stars
    }.
broadcast-not-ready = <b>{ $name } cannot start yet.</b>
broadcast-problem = • { $what }
broadcast-drop = Delete the draft <b>{ $name }</b>?
broadcast-drop-yes = Delete it
broadcast-delete = Delete what <b>{ $name }</b> has sent, from everybody's chat? Telegram lets bots do that for 48 hours.
broadcast-delete-yes = Delete it everywhere
broadcast-topics =
    <b>{ $name }:</b> what is it about?

    Offers, news and guides go to those who said yes to them. What belongs to the service goes to all who did not say no.
broadcast-topic-name = { $topic ->
        [offers] Offers
        [news] News
        [guides] Guides
       *[service] The service itself
    }
broadcast-variants =
    <b>{ $name }, its messages</b>

    Members get the one in their language; where several are for the same members, the percentages say how many get each.
broadcast-variant = <b>{ $number }.</b> for { $who }

# dialogs
broadcast-ask-name = What is the broadcast to be called? Only admins see the name.
broadcast-ask-message =
    What shall <b>{ $name }</b> say? Send or forward it as it is to look: a text, photo, video, file, album, poll or sticker.

    <code>{"{"}first_name{"}"}</code> becomes the member's name; <code>{"{"}first_name|friend{"}"}</code> has a word for who has none. There are also last_name, name, username, id, plan, expiry and referral_link.
broadcast-ask-buttons =
    Send the buttons, a line each; || puts two into one row, - takes them away.

    <pre>Join | https://example.com
    Join | tracked | https://example.com
    Interested | press | Thanks
    Open | app | https://example.com</pre>

    They are now:
    <pre>{ $now }</pre>
broadcast-ask-audience =
    Who gets it? Conditions have commas between them, and all must hold:

    <code>language de or en, seen in 30 days, not seen in 60 days, joined in 7 days, joined before 90 days, role subscriber, source guide-1, tag vip, not tag slow, not member 1001, plan gold-3m, pack gold, ends in 7 days, lapsed in 30 days, never paid</code>

    Or: <code>everybody</code>. It is now: <code>{ $now }</code>
broadcast-ask-variant =
    For whom is it? Write a language such as <code>de</code>, a number for an A/B test such as <code>50</code>, or both: <code>de 50</code>. <code>all</code> is for everybody whose language has no message.

    <code>50</code> means that 50 % of them get this message; the other messages for them share the rest. Without a number each gets as much as the others.
broadcast-ask-options =
    How is it to go? Send what you want to set, a line each:

    <pre>quiet 22:00-08:00
    zone Europe/London
    cap 3 in 7 days
    paid on</pre>

    In quiet hours it waits, in each member's own zone; <code>zone</code> is for those whose zone is not known. The cap leaves out who got so many marketing messages already. <code>paid on</code> sends faster, for Telegram Stars. <code>quiet off</code> takes one away.

    It is now: <code>{ $now }</code>
broadcast-ask-when = When? For example <code>tomorrow 09:00</code>, <code>2027-03-01 18:30 Europe/London</code> or <code>in 2h</code>. Without a zone it is { $zone }.

# a yes before the start
broadcast-second-ask =
    <b>{ $who }</b> wants to start the broadcast <b>{ $name }</b>. It goes to { $recipients ->
        [one] one member
       *[other] { $recipients } members
    }.

    That is more than { $above }, so it starts only if you agree.
broadcast-second-ask-again =
    <b>{ $who }</b> has changed the text of the broadcast <b>{ $name }</b> after its start. { $recipients ->
        [one] One member is
       *[other] { $recipients } members are
    } still to get it.

    It is for more than { $above }, so it goes on only if you agree.
broadcast-somebody = Somebody
broadcast-second-yes = Start it
broadcast-second-no = Do not start it
broadcast-second-yes-again = Go on
broadcast-second-no-again = Keep it paused
broadcast-overdue =
    The broadcast <b>{ $name }</b> did not start: { $why }

    Do you still want it?
broadcast-overdue-yes = Start it now
broadcast-overdue-no = Make it a draft
broadcast-asked-show = Show it to me
broadcast-asked-over = This is settled already.
broadcast-agreed = <b>{ $name }</b> starts.
broadcast-agreed-again = <b>{ $name }</b> goes on.
broadcast-refused = <b>{ $name }</b> is a draft again.
broadcast-refused-again = <b>{ $name }</b> stays paused.
broadcast-agreed-by = <b>{ $who }</b> has agreed: <b>{ $name }</b> starts.
broadcast-agreed-again-by = <b>{ $who }</b> has agreed: <b>{ $name }</b> goes on.
broadcast-refused-again-by = <b>{ $who }</b> does not want <b>{ $name }</b> to go on with this text. It stays paused.
broadcast-refused-by = <b>{ $who }</b> does not want <b>{ $name }</b> to start. It is a draft again.
broadcast-trial-leave = This is a test. Whoever presses it later gets no more of these.
