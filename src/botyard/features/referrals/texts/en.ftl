refer-title = <b>Your link for friends</b>
refer-promise-days = When a friend who comes by your link buys a plan for the first time, you get { $days ->
        [one] a day
       *[other] { $days } days
    } of your plan for nothing.
refer-promise-percent = When a friend who comes by your link buys a plan for the first time, you get a code for { $percent }% off.
refer-link = <code>{ $link }</code>
refer-share = Send it to a friend
refer-share-text = Have a look at this bot.
refer-came = { $came ->
        [0] Nobody has come by it yet.
        [one] One friend has come by it, { $bought ->
            [0] and has not bought anything yet.
           *[other] and has bought a plan.
        }
       *[other] { $came } friends have come by it, { $bought ->
            [0] and none has bought anything yet.
            [one] one of them has bought a plan.
           *[other] { $bought } of them have bought a plan.
        }
    }
refer-days = You got { $days ->
        [one] 1 day
       *[other] { $days } days
    } for it.
refer-codes = { $count ->
        [one] Your code: { $codes }
       *[other] Your codes: { $codes }
    }
refer-private = Send me /refer in our private chat: the link is yours alone.
refer-later = I do not know my own name yet. Please try again in a minute.
refer-own = This is your own link. Send it to friends: it counts for you when they come by it.

refer-days-given = A friend who came by your link has bought a plan. You get { $days ->
        [one] a day
       *[other] { $days } days
    } for it. Thank you! /refer shows all.
refer-days-back = A friend’s payment was returned, so the { $days ->
        [one] day
       *[other] { $days } days
    } that you got for it went back too. All your other time stays.
refer-code = A friend who came by your link has bought a plan. For that you get { $percent }% off, once, with the code <code>{ $code }</code>. Thank you!
refer-code-back = A friend’s payment was returned, so your code { $code } is not valid any more.
