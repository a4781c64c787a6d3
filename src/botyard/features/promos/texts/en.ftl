# what members see
promo-over = This offer is over.

newsletter =
    <b>What you get from us</b>

    You can join and leave at any time.
newsletter-topic = { $gets ->
        [yes] ✓
       *[no] –
    } { $topic ->
        [offers] Offers
        [news] News
        [guides] Guides
       *[service] Messages about what you use here. You get them without asking; stop them below if you like.
    }
newsletter-join-topic = { $topic ->
        [offers] Join offers
        [news] Join news
        [guides] Join guides
       *[service] Take service messages back
    }
newsletter-leave-topic = { $topic ->
        [offers] Leave offers
        [news] Leave news
        [guides] Leave guides
       *[service] Stop service messages
    }
newsletter-join = Join all three
newsletter-leave = Leave all three
newsletter-joined = You are in. Welcome!
newsletter-left = You will not get it any more.
newsletter-private = Send me /newsletter in our private chat: that is where it comes.

# /promo
promos-title = <b>Promos</b>
promos-none = <b>There is no promo yet.</b>
promos-line = <b>{ $code }</b> – { $clicks ->
        [one] 1 click
       *[other] { $clicks } clicks
    }
promos-line-retired = <s>{ $code }</s> – retired, { $clicks ->
        [one] 1 click
       *[other] { $clicks } clicks
    }
promo-card =
    <b>{ $code }</b>{ $state ->
        [retired] {" "}– retired
       *[active] {""}
    }
    { $kind ->
        [photo] A photo with a text
       *[text] A text
    }
    Buttons: { $buttons }
    Clicks: { $clicks }

    Post it now: <code>/promo post { $code } to -1001234567890</code>
    Post it again and again: /schedules add
promo-button-show = Show it
promo-button-clicks = Who clicked
promo-button-retire = Retire
promo-button-revive = Bring back
promo-button-all = « All promos
promo-button-back = « Back
promo-button-refresh = Refresh
promo-retired = Retired. Its buttons do nothing now.
promo-revived = It is back.
promo-gone = This promo is gone.

promo-clicks-title = <b>{ $code }</b>, who clicked
promo-clicks = <b>{ $text }</b> ({ $kind ->
        [link] link
       *[press] button
    }): { $total ->
        [one] 1 click
       *[other] { $total } clicks
    } by { $unique ->
        [one] 1 person
       *[other] { $unique } people
    }
promo-clicked-by =
    { $head }
    { $fans }
promo-fan = <a href="tg://user?id={ $id }">{ $name }</a>{ $clicks ->
        [one] {""}
       *[other] {" "}({ $clicks }×)
    }
promo-more-fans = and { $count } more
promo-no-buttons = It has no buttons.

promo-ask = What shall <b>{ $code }</b> say? Send it as it is to look: a text, or a photo with a text beneath it. /cancel leaves it.
promo-ask-buttons =
    <b>{ $code } has its text.</b> Which buttons shall stand beneath it? Send a line for each:

    <pre>Join | https://example.com/join
    Interested | press | Thanks, we will write to you</pre>
promo-button-plain = No buttons
promo-plain = <b>{ $code }</b> has no buttons.
promo-saved = <b>{ $code } is saved.</b> Above is how it looks.
promo-saved-unseen = <b>{ $code } is saved.</b> { $problem }
promo-refused = <b>This does not work.</b> { $problem }
promo-posted = <b>{ $code }</b> is on its way to { $count ->
        [one] 1 chat
       *[other] { $count } chats
    }. I tell here how it went.
promo-posted-nowhere = <b>{ $code }</b> goes nowhere.
promo-arrived = <b>{ $code }</b> { $arrived }.
promo-unwilling = Left out: { $count ->
        [one] 1 private chat whose member has
       *[other] { $count } private chats whose members have
    } not said yes to offers (/newsletter).
promo-edit-usage =
    Reply to the new text or photo with <code>/promo edit { $code }</code>. For new buttons, write them beneath the command, a line each:

    <pre>/promo edit { $code }
    Join | https://example.com</pre>
promo-usage =
    <b>To make a promo</b>, reply to its text or photo with a code and its buttons, a line each:

    <pre>/promo add spring
    Join | https://example.com/join
    Interested | press | Thanks, we will write to you</pre>

    Without a reply I ask for the text, and then for the buttons. Then:

    <code>/promo show spring</code> – how it looks
    <code>/promo post spring to -1001234567890 @my_channel</code> – posts it now
    <code>/promo clicks spring</code> – who clicked
    <code>/promo edit spring</code>, <code>/promo retire spring</code>, <code>/promo revive spring</code>
