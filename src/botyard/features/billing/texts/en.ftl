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
