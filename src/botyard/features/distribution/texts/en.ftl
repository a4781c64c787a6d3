# /rules
rules-title = <b>Which words send a post where</b>
rules-line = <b>{ $id }</b>. <code>{ $pattern }</code> → { $chats }{ $notes }
rules-more = … and { $count } more
rules-none = There is no rule yet: no post would go anywhere.
rules-usage =
    <b>Rules</b> say which words send a post to which chats:

    • <code>/rules add gold = -1001234567890 -1009876543210</code>
    • <code>/rules add gold+crypto = -1001234567890</code> needs both words
    • <code>/rules add regex \bXAU\w* = -1001234567890</code>
    • <code>/rules set 3 exclude silver, bronze</code>, <code>priority 10</code>, <code>first on</code>, <code>words off</code>, <code>active off</code>, <code>chats -100…</code>
    • <code>/rules remove 3</code>
    • <code>/rules test</code> and a text: where would it go, and why
rule-added = Rule <b>{ $id }</b>: <code>{ $pattern }</code> sends a post to { $chats ->
        [one] one chat
       *[other] { $chats } chats
    }.
rule-changed = { $line }
rule-removed = Rule <b>{ $id }</b> (<code>{ $pattern }</code>) is deleted.
rule-refused = { $problem }
rule-test = This post would go to { $count ->
        [one] one chat
       *[other] { $count } chats
    }:
rule-target = • <b>{ $chat }</b>: { $reason }
rule-test-none = No rule matches: this post would go nowhere.
