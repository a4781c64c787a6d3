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
plan-button-trial = Try it: { $days } free
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
