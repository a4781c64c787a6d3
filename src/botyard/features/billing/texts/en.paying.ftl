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
    ✅ We received { $amount } for <b>{ $title }</b>. It gives no time now: it was given back, or its time is over. /status shows what you have.
paid-for-nothing =
    ⚠️ We received { $amount }, but { $why ->
        [paid_twice] the order was paid before
        [wrong_amount] it is not the amount that the order asks for
       *[other] we do not know what it is for
    }. The money is noted as yours: we look at it and either return it or use it for you.
paid-back =
    ↩️ { $amount }{ $known ->
        [yes] {" "}for <b>{ $title }</b>
       *[no] {""}
    } goes back to you{ $way ->
        [stars] . The Stars are in your balance again.
       *[other] . It takes some days to arrive.
    } /status shows what you have now.

# /buy
buy-private = Write to me in our private chat to buy: what you pay is nobody else's business.
buy-which = Which plan? <code>/plans</code> shows them all; then send, for example, <code>/buy gold-3m</code>.
buy-no-plan = There is no plan “{ $plan }” now. /plans shows those that there are.
buy-no-way = <b>{ $title }</b> cannot be paid for here at the moment. Please ask us.
buy-way-gone = This price is not there any more. Send /plans to see what there is now.
buy-code-problem = <b>This code does not work.</b> { $problem }
buy-how =
    <b>{ $title }</b>{ $says_length ->
        [yes] {""}
       *[no] , { $length }
    }

    How would you like to pay?
buy-way = { $way ->
        [stars] Telegram Stars, { $price }
        [telegram] Card, in Telegram, { $price }
       *[stripe] Card, on Stripe’s page, { $price }
    }
buy-again =
    You have a subscription of <b>{ $title }</b> already. { $state ->
        [past_due] Its last payment has failed.
       *[active] { $known ->
            [yes] It renews by itself on { $day }.
           *[no] It renews by itself.
        }
    } A second one is charged besides it, and its time comes on top.
buy-again-yes = Buy a second one
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
        [paid_twice] the order was paid before. They can add the time or have it back by a button.
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
    Give { $amount } back to <b>{ $name }</b>{ $known ->
        [yes] , for <b>{ $bought }</b>
       *[no] {""}
    }? The days that it bought go with it.{ $renews ->
        [yes] {" "}The subscription is told to stop, so that it takes no more.
       *[no] {""}
    }

    Reason: { $reason }
refund-by-hand =
    { $amount } of <b>{ $name }</b>{ $known ->
        [yes] , for <b>{ $bought }</b>,
       *[no] {""}
    } came through a payment provider. Return it in the provider’s dashboard first, then press the button: the days that it bought go with it.

    Reason: { $reason }
refund-yes = Give it back
refund-no = Leave it
refund-done = It is returned
refund-not = Then not. Nothing was given back.
refund-begun = Payment no. { $number } is being given back. The member is told when it is done.
refund-waits = Payment no. { $number } is a large one: another admin has been asked, and you are told what they say.
refund-alone = Payment no. { $number } is a large one and needs a second admin’s yes, but there is none whom I can write to. Make one with /role; they have to start me first.
refund-second =
    <b>A large refund.</b> { $who } wants to give { $amount } back to { $name } (payment no. { $number }).

    Reason: { $reason }
refund-second-yes = Give it back
refund-second-no = Do not
refund-second-said = { $said ->
        [yes] Payment no. { $number } is being given back.
       *[no] Then not. Payment no. { $number } stays.
    }
refund-second-told = { $said ->
        [yes] { $who } agrees: payment no. { $number } is being given back.
       *[no] { $who } does not agree: payment no. { $number } stays.
    }
refund-failed = ⚠️ Payment no. { $number } ({ $amount }) was <b>not</b> given back: { $why }

# renewals
renewal-not-paid =
    ⚠️ Telegram could not take { $price } to renew <b>{ $title }</b>. Top up your Stars (Settings → My Stars): Telegram tries again. What you have paid for stays yours; /status shows until when.
renewal-stop = { $title } will not renew any more. It is yours until { $until }.
renewal-go-on = { $title } will renew by itself again on { $until }.
renewal-button-stop = Stop renewing { $title }
renewal-button-go-on = Renew { $title } again
renewal-button-portal = Card and renewal, on Stripe’s page
renewal-portal = The link to Stripe’s page is on its way.
renewal-failed = I could not change the renewal of <b>{ $title }</b>. You can do it in Telegram: Settings → My Stars.

# paying with Stripe
checkout =
    <b>{ $title }</b>: { $amount }{ $renews ->
        [yes] , renewed until you cancel
       *[no] { "" }
    }

    Pay on Stripe's page. The button works until { $until }.
checkout-later = Stripe does not answer just now. The button for paying comes as soon as it does; nothing is charged before you press it. /plans has the other ways to pay.
checkout-ended = This order can no longer be paid. /plans has a new one for you.
checkout-failed = Stripe does not take this payment right now. Nothing was charged. Please try again later, or choose another way to pay.
pay-button = Pay
pay-failed = ⚠️ Your payment for <b>{ $title }</b> did not go through. Nothing was charged. /plans starts a new one.
pay-renewal-failed = ⚠️ We could not renew <b>{ $title }</b>: your bank said no. Stripe tries again. You can also pay it yourself.
portal = Here you change your card, see your invoices, and cancel or resume what renews. The link is for you alone.
portal-button = Manage my subscription

# a dispute, for the admins
dispute-told =
    ⚠️ The bank of member { $member } takes { $amount } of payment { $number } back ({ $why }). Their time has ended. Stripe's dashboard says until when you can answer.

# what became of a refund, for the admin who asked for it
refund-ended = { $state ->
        [done] ↩️ { $amount } of payment { $payment } ({ $title }) goes back to the member.
        [refused] ⚠️ Payment { $payment } ({ $title }) was not refunded: { $why }
       *[unknown] ⚠️ Nobody knows whether { $amount } of payment { $payment } ({ $title }) went back. Please look in Stripe's dashboard.
    }
