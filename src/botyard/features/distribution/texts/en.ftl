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
rule-test-none = No rule matches: this post would go nowhere.

# posts
post-offer = <b>Send this to { $count ->
        [0] no chat
        [one] one chat
       *[other] { $count } chats
    }?</b>
post-target = • <b>{ $chat }</b>: { $reason }
post-button-send = Send
post-button-edit = Edit
post-button-done = Done
post-button-cancel = Cancel
post-button-delete = Delete everywhere
post-no-match = <b>This goes nowhere:</b> no rule matches it.
post-no-match-help = <code>/rules add word = chat id</code> makes a rule, /rules lists those there are.
post-cancelled = Cancelled. Nothing was sent.
post-decided = { $state ->
        [sent] It is on its way already.
        [deleted] It was sent and deleted again.
       *[other] This post was cancelled.
    }
post-progress = { $state ->
        [deleted] <b>Deleted everywhere.</b>
       *[other] <b>In { $arrived } of { $count } chats.</b>
    }
post-copy = { $state ->
        [sent] ✅ { $chat }
        [kept] ✅ { $chat }: not deleted, { $error }
        [failed] ❌ { $chat }: { $error }
        [unknown] ❓ { $chat }: Telegram did not answer. It may have arrived; it is not sent again.
        [deleted] 🗑 { $chat }: deleted
       *[other] ⏳ { $chat }: waiting
    }
post-deleting = Deleting in { $count ->
        [one] one chat
       *[other] { $count } chats
    } …
post-nothing-to-delete = There is nothing left to delete.
distribute-usage =
    Reply with /distribute to a message: it goes to the chats of its topics, once you have seen the list.

    In private simply write or forward the post to me. <code>/distribute --dry-run</code> and a text shows where it would go.
