# rules
rule-none =
    <b>There are no rules yet.</b>

    A rule says which posts go to which chats. For example, posts with the word gold:
    <code>/rules add gold = -1001234567890</code>

    /help rules tells more.
rule-list = <b>Rules</b> · { $total }
rule-list-page = <b>Rules</b> · { $total }, page { $page } of { $pages }
rule-line = <b>#{ $id }</b> { $pattern } → { $chats }
rule-marks = <i>{ $marks }</i>
rule-more-chats = { $count } more
rule-mark-off = off
rule-mark-priority = priority { NUMBER($number, useGrouping: 0) }
rule-mark-first = first match only
rule-mark-regex = regular expression
rule-mark-parts = also inside words
rule-mark-excluded = { $count ->
    [one] one excluded word
   *[other] { $count } excluded words
 }
rule-mark-caption = own caption
rule-mark-buttons = own buttons
rule-previous = « Previous
rule-next = Next »
rule-hint = <i>/rules 3 shows all of rule #3. /rules help tells how to change it. /rules test tells where a text would go.</i>
rule-found = { $count ->
    [one] One rule has “{ $words }” in its pattern:
   *[other] { $count } rules have “{ $words }” in their patterns:
 }
rule-more-found = … and { $count } more. A longer search shows fewer.
rule-not-found = No rule has “{ $words }” in its pattern. /rules lists them all.

rule-title = <b>Rule #{ $id }</b>: <code>{ $pattern }</code>
rule-chats = <b>Chats:</b> { $chats }
rule-kind-words = <b>Looks for:</b> whole words
rule-kind-parts = <b>Looks for:</b> words, also inside other words
rule-kind-regex = <b>Looks for:</b> a regular expression (a formula for texts)
rule-excluded = <b>Not with:</b> { $words }
rule-priority = <b>Priority:</b> { NUMBER($number, useGrouping: 0) }
rule-priority-first = <b>Priority:</b> { NUMBER($number, useGrouping: 0) }. If it matches, the rules after it are not looked at.
rule-caption =
    <b>Caption:</b>
    <pre>{ $template }</pre>
rule-buttons =
    <b>Buttons:</b>
    <pre>{ $buttons }</pre>
rule-doubt-no-text = ⚠️ The caption has no { "{text}" }: posts lose their own words, and only the caption is sent.
rule-doubt-places = ⚠️ The caption goes out with { $places } in it as it stands: only { "{text}" } is filled in.
rule-off = <b>It is off:</b> no post matches it.
rule-cut = <i>… this is too long for one message.</i>

rule-added = ✅ The rule is added.
rule-changed = ✅ The rule is changed.
rule-is-on = ✅ Rule #{ $id } (<code>{ $pattern }</code>) is on.
rule-is-off = ✅ Rule #{ $id } (<code>{ $pattern }</code>) is off. /rules on { $id } brings it back.
rule-removed = ✅ Rule #{ $id } (<code>{ $pattern }</code>) is gone.
rule-refused =
    { $why }

    { $remedy }
rule-tested = <b>This would go to { $chats ->
    [one] one chat
   *[other] { $chats } chats
 }.</b> Nothing was sent.
rule-tested-none = <b>This would go nowhere.</b> Nothing was sent.

rule-add-usage =
    I need a word and at least one chat: <code>/rules add gold = -1001234567890</code>

    • two words that must both be there: <code>/rules add gold+crypto = -1001234567890</code>
    • several chats: <code>/rules add gold = -1001234567890 @goldnews</code>
rule-set-usage =
    I need the number of a rule, what to set, and its value:

    <code>/rules set 3 priority 10</code>
    <code>/rules set 3 exclude silver, bronze</code>

    /rules help shows all that can be set.
rule-find-usage = What shall I look for? For example <code>/rules find gold</code>
rule-test-usage = Give me the text of a post: <code>/rules test The gold price today</code>. Or reply to a post with <code>/rules test</code>.
rule-help =
    <b>Rules say which posts go to which chats</b>

    <code>/rules</code> – all rules
    <code>/rules 3</code> – all of rule #3
    <code>/rules find gold</code> – rules with “gold” in their pattern
    <code>/rules test The gold price today</code> – where this would go, and why
    <code>/rules add gold+crypto = -1001234567890 @goldnews</code> – posts with both words
    <code>/rules off 3</code>, <code>/rules on 3</code>, <code>/rules remove 3</code>

    <b>What can be set</b>

    <code>/rules set 3 pattern gold price</code>
    <code>/rules set 3 chats -1001234567890 @goldnews</code>
    <code>/rules set 3 priority 10</code> – higher comes first
    <code>/rules set 3 first on</code> – if it matches, the rules after it are not looked at
    <code>/rules set 3 exclude silver, bronze</code> – not with any of these words
    <code>/rules set 3 words off</code> – gold also matches Marigold
    <code>/rules set 3 regex on</code> – the pattern is a regular expression, a formula for texts: gold|silver
    <code>/rules set 3 caption &lt;b&gt;Gold&lt;/b&gt; { "{text}" }</code> – what stands around the post’s text
    <code>/rules set 3 button Join | https://example.com</code> – a link under the post

    <code>none</code> takes exclude, caption or button away.

# posts
post-question = <b>{ $count ->
    [0] This post goes nowhere now: all chats are left out
    [one] This post goes to one chat
   *[other] This post goes to { $count } chats
 }</b>
post-line = • <b>{ $chat }</b> – #{ $rule } { $pattern }: <i>{ $words }</i>
post-more = … and { $count } more
post-left-out = { $count ->
    [one] One chat is left out.
   *[other] { $count } chats are left out.
 }
post-send = Send
post-edit = Edit
post-cancel = Cancel
post-at-once = Send at once from now on
post-choose = <b>{ $count } of { $total } chats</b>{ $pages ->
    [one] {""}
   *[other] {" "}· page { $page } of { $pages }
 }

    Press a chat to leave it out or to take it in again.
post-previous = « Previous
post-next = Next »
post-back = « Back
post-cancelled = Cancelled. Nothing was sent.

post-no-words =
    <b>There are no words in this post</b>, so no rule can match it.

    Give it a topic: reply to it with <code>/distribute gold</code>, for example.
post-nowhere = <b>This post goes nowhere:</b> no rule matches it. Nothing was sent.
post-near-misses = These rules nearly match it:
post-nowhere-help =
    • Edit the post, and I look again.
    • Or reply to it and name its topic: <code>/distribute gold</code>
    • Or add a rule: <code>/rules add gold = -1001234567890</code>

    /rules shows what posts must contain.

post-title-sending = <b>Sending: { $done } of { $total } done</b>
post-title-sent = <b>Sent to { $done } of { $total } { $total ->
    [one] chat
   *[other] chats
 }</b>
post-title-edited = <b>Edited in { $done } of { $total } { $total ->
    [one] chat
   *[other] chats
 }</b>
post-title-deleted = <b>Deleted in { $done } of { $total } { $total ->
    [one] chat
   *[other] chats
 }</b>
post-may-be-there = <b>{ $count ->
    [one] One more may still be there
   *[other] { $count } more may still be there
 }:</b> look there, and delete by hand.
post-lost = ❓ { $chat }: it may be there; Telegram has not told its number, without which no bot can delete it
post-planned = • { $chat }
post-sending = ⏳ { $chat }: still waiting
post-sent = ✅ { $chat }
post-failed = ❌ { $chat }: { $reason }
post-unknown = ❓ { $chat }: it may have arrived; it is not sent again
post-editing = ⏳ { $chat }: being edited
post-edited = ✅ { $chat }: edited
post-not-edited = ❌ { $chat }: not edited, { $reason }
post-deleting = ⏳ { $chat }: being deleted
post-deleted = 🗑 { $chat }: deleted
post-not-deleted = ❌ { $chat }: not deleted, { $reason }
post-incomplete = – only { $arrived } of { $total } parts arrived
post-delete = Delete everywhere
post-ask-delete = <b>Delete { $count ->
    [one] one copy
   *[other] { $count } copies
 }?</b>
post-ask-delete-lost = { $count ->
    [one] One more may have arrived. Telegram has not told its number, without which no bot can delete it: look there, and delete it by hand.
   *[other] { $count } more may have arrived. Telegram has not told their numbers, without which no bot can delete them: look there, and delete them by hand.
 }
post-erase = Delete { $count ->
    [one] one copy
   *[other] { $count } copies
 }
post-rewrite = Edit everywhere

post-note-album-caption = An album keeps its own captions: the rule’s is not used.
post-note-album-buttons = An album has no buttons.
post-note-no-caption = What you sent can have no other caption: the rule’s is not used.
post-note-too-long = { $count ->
    [one] With the rule’s caption the text would be longer than { $limit } characters in one chat: it goes out as you wrote it.
   *[other] With the rule’s caption the text would be longer than { $limit } characters in { $count } chats: it goes out as you wrote it.
 }

post-help =
    <b>Posting to many chats</b>

    Send me the post in our private chat: text, photo, video, file, voice, poll or album. I show where it goes, and you decide.

    • in reply to a message: <code>/distribute</code> posts that message, <code>/distribute gold</code> as one about gold
    • <code>/distribute Gold is up today</code> posts this text
    • <code>/distribute --dry-run Gold is up today</code> only tells where it would go
    • <code>/distribute ask</code> – I ask before each post again

    /rules says which posts go where.
post-asks-again = From now on I ask before each of your posts.
post-sends-at-once = From now on your posts go out at once. /distribute ask has me ask again.
post-dialog-open = I am still waiting for an answer to my question. Answer it, or send /cancel to leave it, and then send the post once more.
post-album-typed = An album is sent without a command: just send it to me.
post-typed-too-long = This text is too long under a file. Send the post without the command, then reply to it with <code>/distribute</code>.
post-too-late = A part of an album came too late: the rest is sent already. Reply to it with <code>/distribute</code> and its topic to send it too.
post-gone = I do not know this post any more.
post-elsewhere = This post is handled in another chat.
post-is-sent = It was sent already.
post-is-cancelled = It was cancelled. Send the post again if you want it sent.
post-is-changing = The post has changed a moment ago. I am looking where it goes.
post-none-chosen = All chats are left out. Take one in first.
post-being-deleted = Its copies are being deleted.
post-nothing-there = There is no copy to work on.
post-no-text = What you sent has no text that could be edited.
post-ask-text =
    <b>Send me the new text</b>

    It replaces the text in { $count ->
    [one] one chat
   *[other] { $count } chats
 }. /cancel leaves everything as it is.
post-only-text = I need a text. Send it, or /cancel to leave everything as it is.
post-text-too-long = That is { $length } characters, and there is room for { $limit }. Send a shorter text, or /cancel to leave everything as it is.
post-rewriting = The new text is on its way. The list of chats above shows how far it is.
post-offer = You have edited a post of yours.
post-carry = { $count ->
    [one] Carry the edit to one chat
   *[other] Carry the edit to { $count } chats
 }
post-carrying = The edit is on its way to the copies. The list of chats above shows how far it is.
post-carried = The edit was carried already.
