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
plan-card-no-price = Price: none that can be paid here.
plan-card-code = Have a code? Send <code>/buy { $plan } CODE</code>, with your code at the end.
plan-card-running = You have a subscription of this plan. { $state ->
        [past_due] Its last payment has failed.
       *[active] { $known ->
            [yes] It renews by itself on { $day }.
           *[no] It renews by itself.
        }
    }
plan-card-renews-stars = Stars renew it every 30 days until you stop it.
plan-card-renews-card = Paid by card, it renews by itself until you stop it.
plan-button-buy = Buy for { $price }
plan-try = Try it: { $days } free
trial-started = <b>{ $title }</b> is yours to try until { $until }. Nothing is charged, and it ends by itself.

plans-deny = { $any ->
        [yes] This is for members who have a plan. These are sold:
       *[no] This needs <b>{ $feature }</b>. These have it:
    }
plans-deny-none = { $any ->
        [yes] This is for members who have a plan. None is sold at the moment.
       *[no] This needs <b>{ $feature }</b>, which is not sold at the moment.
    }

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
catalog-private = Write to me about plans and codes in our private chat: /{ $command }
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
code-ask = Which code, and what does it take off? Such as <code>SPRING 20%</code> or <code>TENNER 10.00 GBP</code>, and behind it, if you like: <code>uses 100</code>, <code>once</code> (for each member), <code>until 2027-04-01</code>, <code>for gold</code> (plans or packs), <code>member @ana</code>. /cancel leaves it.
code-usage =
    <code>/code new SPRING 20%</code> – a code that takes a fifth off
    <code>/code new TENNER 10.00 GBP uses 100 once until 2027-04-01 for gold</code> – an amount, for 100 uses, once for each member, until that day (UTC), for a plan or a pack
    <code>/code new GIFT 50% member @ana</code> – for one member, by @username or Telegram id
    <code>/code SPRING</code> – how often it was used
    <code>/code end SPRING</code> – ends it
