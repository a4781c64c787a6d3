# what became of a payment
paid =
    ✅ { $kind ->
        [renewal] <b>{ $title }</b> was renewed
       *[charge] Thank you! <b>{ $title }</b> is yours
    }
    Paid: { $amount }
    Until: <b>{ $until }</b>

    /status shows all that you have.
paid-past =
    ✅ We received { $amount } for <b>{ $title }</b>. Its time is over already; /plans shows what there is now.
paid-for-nothing =
    ⚠️ We received { $amount }, but { $why ->
        [paid_twice] the order was paid before
        [wrong_amount] it is not the amount that the order asks for
       *[other] we do not know what it is for
    }. The money is noted as yours: we look at it and either return it or use it for you.
paid-back =
    ↩️ { $amount } for <b>{ $title }</b> goes back to you. It takes some days to arrive. /status shows what you have now.

# /buy
buy-private = Write to me in our private chat to buy: what you pay is nobody else's business.
buy-which = Which plan? <code>/plans</code> shows them all; then send, for example, <code>/buy gold-3m</code>.
buy-no-plan = There is no plan “{ $plan }” now. /plans shows those that there are.
buy-no-way = <b>{ $title }</b> cannot be paid for here at the moment. Please ask us.
buy-way-gone = This price is not there any more. Send /plans to see what there is now.
buy-code-problem = <b>This code does not work.</b> { $problem }
buy-how =
    <b>{ $title }</b>, { $length }

    How would you like to pay?
buy-way = { $way ->
        [stars] Telegram Stars, { $price }
        [telegram] Card, in Telegram, { $price }
       *[stripe] Card, on Stripe’s page, { $price }
    }
buy-subscription =
    <b>{ $title }</b>

    { $price } every 30 days. It renews by itself; you can stop that at any time, and keep what you have paid for.
buy-subscribe = Subscribe for { $price }
buy-link-failed = I could not make an invoice for <b>{ $title }</b>. Please try again: /plans

# what is about to be paid: plain text, Telegram shows it in a window
pay-refused-forged = This invoice is not one of ours. Please send /plans and order anew.
pay-refused-unknown = I do not know this order. Please send /plans and order anew.
pay-refused-other-payer = This invoice was made for somebody else. Send me /plans to get your own.
pay-refused-wrong-amount = The amount is not the one that was ordered. Please send /plans and order anew.
pay-refused-wrong-currency = The currency is not the one that was ordered. Please send /plans and order anew.
pay-refused-expired = This invoice is more than a day old. Please send /plans and order anew.
pay-refused-paid = This invoice is paid already. For more time send /plans and order once more.
pay-refused-cancelled = This order was cancelled. Please send /plans and order anew.
pay-refused-not-sold = This plan is not sold any more. Please send /plans to see what there is now.
pay-refused-banned = You cannot buy here.
pay-nothing-shipped = Nothing that is sold here is shipped. Please send /plans and order anew.

# money that pays nothing
owed-use = Add the time
owed-back = Give it back
owed-used = ✅ Done: <b>{ $title }</b> is yours until <b>{ $until }</b>.
owed-returned = ↩️ { $amount } goes back to you.
owed-problem = { $problem } /status shows what you have.
doubt-told =
    ⚠️ <b>A payment needs a look.</b> { $name } ({ $member }) paid { $amount } (payment no. { $number }), but { $why ->
        [paid_twice] the order was paid before. He can add the time or have it back by a button.
        [wrong_amount] it is not what the order asks for.
       *[other] it is for no order of ours.
    }

    To give it back: <code>/refund { $number } reason</code>
stars-compared =
    <b>Telegram’s book of Stars was compared with ours.</b>
    Payments that had been missed, and are credited now: { $missed }
    Refunds that had been missed: { $returned }
    Differences: { $differences ->
        [0] none
       *[other] { $differences } (see the console)
    }

# /refund
refund-usage = Write <code>/refund 123 reason</code>, with the number of the payment. /payments shows the latest.
refund-problem = <b>Nothing was given back.</b> { $problem }
refund-sure =
    Give { $amount } back to <b>{ $name }</b>? The days that it bought go with it.

    Reason: { $reason }
refund-by-hand =
    { $amount } of <b>{ $name }</b> came through a payment provider. Return it in the provider’s dashboard first, then press the button: the days that it bought go with it.

    Reason: { $reason }
refund-yes = Give it back
refund-done = It is returned
refund-not = Then not. Nothing was given back.
refund-begun = Payment no. { $number } is being given back. The member is told when it is done.
refund-failed = ⚠️ Payment no. { $number } ({ $amount }) was <b>not</b> given back: { $why }

# renewals
renewal-stop = { $title } will not renew any more. It is yours until { $until }.
renewal-go-on = { $title } will renew by itself again on { $until }.
renewal-button-stop = Stop renewing { $title }
renewal-button-go-on = Renew { $title } again
renewal-button-portal = Card and renewal, on Stripe’s page
renewal-portal = The link to Stripe’s page is on its way.
renewal-failed = I could not change the renewal of <b>{ $title }</b>. You can do it in Telegram: Settings → My Stars.
# time: /grant, /revoke, and what members are told of it
grant-usage =
    <b>Give a member free time</b>

    <code>/grant @ana gold-1m 30d thank you for your help</code>

    The length (<code>30d</code>, <code>2w</code>, <code>3m</code>) may be left out: then it is the plan's own. A member is named by @username or Telegram id.
revoke-usage =
    <b>End what a member has of a plan, at once</b>

    <code>/revoke @ana gold sold his login</code>

    No money goes back. A member is named by @username or Telegram id.
time-private = Write to me about members' time in our private chat: /{ $command }
time-one-bot = You are an admin of { $bot } only. What members have holds for all bots, so it is for admins of the whole business.
time-no-member = I know no member { $who }. They must have written to a bot of yours first.
time-problem = <b>This does not work.</b> { $problem }
time-why = Why? Write the reason in a few words: it is kept for good. /cancel leaves it.
time-press = Press one of the buttons above, or /cancel.
time-stale = This question is out of date, or was answered. Ask anew.
time-not-done = Nothing was changed.
time-no = Cancel
grant-yes = Give it
revoke-yes = End it now
grant-sure =
    <b>Give { $name } { $length } for free?</b>

    Plan: { $title }
    Reason: { $reason }
grant-has = They have it until { $until } already: this comes after that.
grant-has-none = They do not have it now: it begins at once.
granted =
    <b>Done.</b> { $name } got { $length } more.

    Plan: { $title }
    They have it until { $until } now.
granted-before = This was given before. Nothing was changed.
revoke-sure =
    <b>End { $title } of { $name } now?</b>

    They have it until { $until }. No money goes back.

    Reason: { $reason }
revoke-repeats = ⚠️ A subscription ({ $way }) goes on paying for it: with its next payment they have it again. End the subscription first.
revoked = <b>Done.</b> { $title } of { $name } has ended.
time-given =
    🎁 <b>A gift for you: { $length } for free</b>

    { $title }: you have it until { $until }. /status shows all that you have.
time-ended-by-hand =
    <b>{ $title } has ended for you</b>

    It was ended by the people who run this business. If you think that this is a mistake, write to them. /plans shows what there is.

# reminders
reminder-soon =
    ⏳ <b>{ $title }: { $left } left</b>

    You have it until { $until }. Who renews before that loses no day: the new time comes after the old.
reminder-today =
    ⏳ <b>{ $title } ends soon</b>

    You have it until { $until }. Who renews before that loses no day: the new time comes after the old.
reminder-over =
    <b>{ $title } has ended</b>

    It ran until { $until }. { $chats ->
        [0] Renew, and you have it again at once.
       *[other] If you do not renew, you will soon be removed from its chats; renew, and you stay or are in again at once.
    }
reminder-renew = Renew
reminder-plans = /plans shows what there is.

# /stats
stats-title = <b>Your figures</b>
stats-has = • <b>{ $title }</b> until { $until } ({ $left } left)
stats-nothing = You have no plan now. /plans shows what there is.
stats-paid = Paid so far: <b>{ $money }</b>
stats-paid-nothing = Paid so far: nothing
stats-payments =
    { $count ->
        [one] 1 payment
       *[other] { $count } payments
    }, the first on { $first }
stats-since = With us since { $date }
stats-renews = <i>It renews by itself.</i>
stats-private = Ask me for your figures in our private chat: /stats

# /payments
payments-title = <b>Latest payments</b>
payments-none = Nobody has paid yet.
payments-line = • { $line }
payments-kind = { $kind ->
    [charge] paid
    [renewal] renewed
    [refund] refund
    [chargeback] { $incoming ->
        [yes] chargeback won
       *[other] chargeback
    }
    [grant] gift
   *[other] ended by an admin
}
payments-doubts =
    { $count ->
        [one] <b>1 payment needs a look:</b>
       *[other] <b>{ $count } payments need a look:</b>
    }
payments-doubt = ⚠️ { $date } · { $kind ->
    [unknown_order] money for nothing that we sold
    [paid_twice] paid twice
    [wrong_amount] not the amount that was asked for
    [missed] a payment that had been missed
   *[other] their books and ours differ
}: { $reason }
payments-more = <i>The console shows them all: /console</i>
payments-private = I show payments only in a private chat. Write to me there: /payments
paid-disputed =
    ↩️ Your bank takes the money for <b>{ $title }</b> back, so its time has ended. If that is a mistake, please write to us.

# paying with Stripe
checkout =
    <b>{ $title }</b>: { $amount }{ $renews ->
        [yes] , renewed until you cancel
       *[no] { "" }
    }

    Pay on Stripe's page. The button works until { $until }.
checkout-ended = This order can no longer be paid. /plans has a new one for you.
checkout-failed = Stripe does not take this payment right now. Nothing was charged. Please try again later, or choose another way to pay.
pay-button = Pay
pay-failed = ⚠️ Your payment for <b>{ $title }</b> did not go through. Nothing was charged. /plans starts a new one.
pay-renewal-failed = ⚠️ We could not renew <b>{ $title }</b>: your bank said no. Stripe tries again. You can also pay it yourself.
portal = Here you change your card, see your invoices, and cancel or resume what renews. The link is for you alone.
portal-button = Manage my subscription

# a dispute, for the admins
dispute-told =
    ⚠️ The bank of member { $member } takes { $amount } of payment { $number } back ({ $why }). His time has ended. Stripe's dashboard says until when you can answer.

# what became of a refund, for the admin who asked for it
refund-ended = { $state ->
        [done] ↩️ { $amount } of payment { $payment } ({ $title }) goes back to the member.
        [refused] ⚠️ Payment { $payment } ({ $title }) was not refunded: { $why }
       *[unknown] ⚠️ Nobody knows whether { $amount } of payment { $payment } ({ $title }) went back. Please look in Stripe's dashboard.
    }
# the catalog: what members see
plans-title = <b>Plans</b>
plans-none = There is nothing to buy at the moment.
plans-choose = Choose one to see more.
plans-pack-line =
    <b>{ $title }</b>
    { $prices }
plans-price = { $length } { $price }
plans-pack-title = <b>{ $title }</b>
plans-length-line = { $length } – <b>{ $price }</b>
plans-monthly = {" "}({ $price } a month)
plans-money = Which currency do you like to see prices in?
plans-gone = <b>{ $plan }</b> is not sold here. These are:
plans-gone-short = This is no longer sold.
plans-private = Let us talk about plans in private.
plans-button-private = Show me the plans
plans-button-all = « All plans
plans-button-back = « Other lengths
plans-button-money = Prices in: { $currency }
plan-card-title = <b>{ $title }</b>
plan-card-about = { $about }
plan-card-length = Lasts: { $length }
plan-card-perks = With it: { $perks }
plan-card-chats = { $named ->
        [yes] Opens: { $titles }
       *[no] { $count ->
            [one] Opens a private chat
           *[other] Opens { $count } private chats
        }
    }
plan-card-price = Price: <b>{ $prices }</b>
plan-card-renews-stars = Stars renew it every 30 days until you stop it.
plan-card-renews-card = Paid by card, it renews by itself until you stop it.
plan-button-buy = Buy for { $price }
plan-try = Try it: { $days } free
trial-started = <b>{ $title }</b> is yours to try until { $until }. Nothing is charged, and it ends by itself.

plans-deny = This needs <b>{ $feature }</b>. These have it:
plans-deny-none = This needs <b>{ $feature }</b>, which is not sold at the moment.

status-plan = <b>{ $title }</b> until { $until }
status-plan-then = then <b>{ $title }</b> until { $until }
status-plan-none = You have no plan. /plans shows what there is.
status-renewal = { $state ->
        [active] { $known ->
            [yes] { $title } renews by itself on { $day } for { $price }.
           *[no] { $title } renews by itself for { $price }.
        }
        [past_due] The last payment of { $price } for { $title } has failed. Please see to it, so that your time goes on.
       *[cancelled] { $title } does not renew: what is paid lasts until { $day }.
    }
status-button-extend = Extend { $title }
status-button-plans = Plans

# the catalog: /plan
plan-list-none = <b>Nothing is sold yet.</b>
plan-list-title = <b>{ $count ->
        [one] 1 plan
       *[other] { $count } plans
    }</b>
plan-list-more = <code>/plan new gold-3m</code> makes one, <code>/plan help</code> tells the rest.
plan-line = { $state ->
        [archived] <s>{ $code }</s> – archived
        [soon] <b>{ $code }</b> – { $title }: { $prices } – not sold yet
        [over] <b>{ $code }</b> – { $title }: { $prices } – no longer sold
       *[sold] <b>{ $code }</b> – { $title }: { $prices }
    }
plan-card =
    <b>{ $code }</b>{ $state ->
        [archived] {" "}– archived
        [soon] {" "}– not sold yet
        [over] {" "}– no longer sold
       *[sold] {""}
    }
    Title: { $title }
    Description: { $description }
    Length: { $length }{ $stars ->
        [yes] , renewed by Stars
       *[no] {""}
    }{ $stripe ->
        [yes] , renewed by Stripe
       *[no] {""}
    }
    Prices: { $prices }
    Features: { $features }
    Chats: { $chats }
    Trial: { $trial }
    Sold: { $window }
    Pack: { $pack }
    Link: { $link }
plan-always = always
plan-window = { $has ->
        [both] from { $begins } until { $ends }
        [start] from { $begins }
       *[end] until { $ends }
    }
plan-button-title = Title
plan-button-description = Description
plan-button-prices = Prices
plan-button-length = Length
plan-button-features = Features
plan-button-chats = Chats
plan-button-trial = Trial
plan-button-window = When sold
plan-button-pack = Pack
plan-button-stripe = Stripe renews
plan-button-show = As members see it
plan-button-archive = Archive
plan-button-restore = Sell it again
plan-button-all = « All plans
plan-archived = Archived. Who has it keeps it.
plan-restored = It is sold again.
plan-saved = <b>{ $code } is saved.</b> Orders that are open keep their price.
plan-refused = <b>This does not work.</b> { $problem }
plan-ask = { $question ->
        [title] What is <b>{ $code }</b> called? Members read this title, also on the invoice: up to 32 characters, such as <i>Gold signals, 3 months</i>.
        [description] What is <b>{ $code }</b>? A sentence or two for members, up to 255 characters, or <code>none</code>.
        [prices] What does <b>{ $code }</b> cost? A price for each currency: <code>147.00 GBP, 170 EUR, 9500 stars</code>.
        [length] How long does <b>{ $code }</b> last? Such as <code>3 months</code>, <code>90 days</code>, <code>1 year</code>; <code>stars</code> for the 30 days that Stars renew by themselves.
        [features] What does <b>{ $code }</b> give? Words such as <code>signals, max_devices=3</code>, or <code>none</code>.
        [chats] Which chats does <b>{ $code }</b> open? Ids or names, such as <code>-1001234567890 @my_channel</code>, or <code>none</code>.
        [trial] How many days of <b>{ $code }</b> are free for who never had it? Such as <code>7 days</code>, or <code>none</code>.
        [window] When is <b>{ $code }</b> sold? Such as <code>from 2027-03-01 until 2027-04-01</code> (UTC), one of the two, or <code>always</code>.
        [pack] Which pack is <b>{ $code }</b> a length of? Plans of one pack follow each other. Such as <code>gold</code>.
       *[stripe] Shall Stripe renew <b>{ $code }</b> by itself? <code>on</code> or <code>off</code>.
    } /cancel leaves it.
plan-usage =
    <b>To make a plan</b>, write <code>/plan new gold-3m</code>, and I ask for the rest. Or all at once, a line each: title, length, prices, and what it gives:

    <pre>/plan new gold-3m
    Gold signals, 3 months
    3 months
    147.00 GBP, 170 EUR, 9500 stars
    signals</pre>

    <code>/plan gold-3m</code> – shows it, with buttons to change it
    <code>/plan set gold-3m prices 137.00 GBP, 8900 stars</code> – changes it; also title, description, length, features, chats, trial, window, pack, stripe
    <code>/plan show gold-3m</code> – as members see it
    <code>/plan archive gold-3m</code>, <code>/plan restore gold-3m</code>

    Many plans at once: <code>botyard plans import plans.toml</code>

# the catalog: /code
code-list-none = <b>There is no discount code yet.</b>
code-list-title = <b>Discount codes</b>
code-list-more = <code>/code new SPRING 20%</code> makes one.
code-line = { $works ->
        [yes] <b>{ $code }</b> – { $worth } off
       *[no] <s>{ $code }</s> – { $worth } off
    }, { $used ->
        [0] not used
        [one] used once
       *[other] used { $used } times
    }
code-card =
    <b>{ $code }</b>{ $state ->
        [ended] {" "}– ended
        [over] {" "}– used up or out of date
       *[works] {""}
    }
    Takes off: { $worth }
    Used: { $used }{ $uses ->
        [0] {""}
       *[other] {" "}of { $uses }
    }{ $once ->
        [yes] , once for each member
       *[no] {""}
    }
    For: { $has_plans ->
        [yes] { $plans }
       *[no] all plans
    }
    Who: { $has_member ->
        [yes] only { $member }
       *[no] everybody
    }
    Until: { $has_end ->
        [yes] { $until }
       *[no] you end it
    }
code-button-end = End it
code-button-all = « All codes
code-button-really = Yes, end it
code-button-keep = No, keep it
code-ending = End <b>{ $code }</b>? Nobody can use it any more then. Orders that were placed with it keep their price.
code-ended = Ended.
code-saved = <b>{ $code } works now.</b>
code-refused = <b>This does not work.</b> { $problem }
code-ask = Which code, and what does it take off? Such as <code>SPRING 20%</code> or <code>TENNER 10.00 GBP</code>, and behind it, if you like: <code>uses 100</code>, <code>once</code> (for each member), <code>until 2027-04-01</code>, <code>for gold</code> (plans or packs), <code>member 123456789</code>. /cancel leaves it.
code-usage =
    <code>/code new SPRING 20%</code> – a code that takes a fifth off
    <code>/code new TENNER 10.00 GBP uses 100 once until 2027-04-01 for gold</code> – an amount, for 100 uses, once for each member, until that day (UTC), for a plan or a pack
    <code>/code new GIFT 50% member 123456789</code> – for one member
    <code>/code SPRING</code> – how often it was used
    <code>/code end SPRING</code> – ends it
