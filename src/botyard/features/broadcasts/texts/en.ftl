# a yes before the start
broadcast-second-ask =
    <b>{ $who }</b> wants to start the broadcast <b>{ $name }</b>. It goes to { $recipients ->
        [one] one member
       *[other] { $recipients } members
    }.

    That is more than { $above }, so it starts only if you agree.
broadcast-somebody = Somebody
broadcast-second-yes = Start it
broadcast-second-no = Do not start it
broadcast-overdue =
    The broadcast <b>{ $name }</b> did not start: { $why }

    Do you still want it?
broadcast-overdue-yes = Start it now
broadcast-overdue-no = Make it a draft
broadcast-asked-show = Show it to me
broadcast-asked-over = This is settled already.
broadcast-agreed = <b>{ $name }</b> starts.
broadcast-refused = <b>{ $name }</b> is a draft again.
broadcast-agreed-by = <b>{ $who }</b> has agreed: <b>{ $name }</b> starts.
broadcast-refused-by = <b>{ $who }</b> does not want <b>{ $name }</b> to start. It is a draft again.
broadcast-trial-leave = This is a test. Whoever presses it later gets no more of these.
