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

# what became of a refund, for the admin who asked for it
refund-ended = { $state ->
        [done] ↩️ { $amount } of payment { $payment } ({ $title }) goes back to the member.
        [refused] ⚠️ Payment { $payment } ({ $title }) was not refunded: { $why }
       *[unknown] ⚠️ Nobody knows whether { $amount } of payment { $payment } ({ $title }) went back. Please look in Stripe's dashboard.
    }
