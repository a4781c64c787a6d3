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
rule-kind-regex = <b>Looks for:</b> a regular expression
rule-excluded = <b>Not with:</b> { $words }
rule-priority = <b>Priority:</b> { NUMBER($number, useGrouping: 0) }
rule-priority-first = <b>Priority:</b> { NUMBER($number, useGrouping: 0) }. If it matches, the rules after it are not looked at.
rule-caption =
    <b>Caption:</b>
    <pre>{ $template }</pre>
rule-buttons =
    <b>Buttons:</b>
    <pre>{ $buttons }</pre>
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
    <code>/rules set 3 regex on</code> – the pattern is a regular expression
    <code>/rules set 3 caption &lt;b&gt;Gold&lt;/b&gt; { "{text}" }</code> – what stands around the post’s text
    <code>/rules set 3 button Join | https://example.com</code> – a link under the post

    <code>none</code> takes exclude, caption or button away.
