# what members see
access-ways = { $count ->
        [one] 🔓 Your way in is open.
       *[other] 🔓 Your way into { $count } chats is open.
    } { $own ->
        [all] { $count ->
            [one] Press the button: its link is
           *[other] Press a button: its link is
        } for you alone, and works once, within seven days. Do not pass it on.
        [some] Press a button, and ask to join where Telegram offers it: you are let in at once. Do not pass the links on: some are for you alone, and work once, within seven days.
       *[none] Press { $count ->
            [one] the button
           *[other] a button
        } and ask to join: you are let in at once.
    }
access-gone = { $why ->
        [expired] Your time in <b>{ $chat }</b> is over, so you are not in it any more. You are welcome back at any time: with a new plan you are in again at once.
        [nothing_left] What you had paid for <b>{ $chat }</b> was given back, so you are not in it any more. You are welcome back with a new plan.
       *[other] You are not in <b>{ $chat }</b> any more. With a plan you can come back at once.
    }
access-status = { $count ->
        [one] You may enter one chat that you are not in. Its button is below.
       *[other] You may enter { $count } chats that you are not in. Their buttons are below.
    }
access-status-banned = You have a plan for <b>{ $chat }</b>, but an admin of that chat has banned you there. Ask us about it.
access-status-soon = Your way in is being made. Look again in a minute.
access-offer =
    <b>{ $chat }</b> is for members with a plan.

    Choose one, and you are in as soon as it is paid:
access-button-plans = See all plans

# what owners and admins are told
access-problem = ⚠️ <b>{ $chat }</b>: { access-lacks }
access-card-problem = ⚠️ { access-lacks }
access-lacks = { $problem ->
        [no_admin] no bot is an admin here, so nobody can be let in or removed. Make one an admin, with the rights to invite users and to ban users.
        [no_invite] the bot may not invite users, so nobody can be let in. Give it the right "Invite Users via Link".
        [no_restrict] who has paid is let in, but nobody is removed: the bot may not ban users. Give it the right "Ban Users"; removals wait until then.
        [no_rights] the bot may neither invite users nor ban them. Give it both rights.
       *[basic_group] this is a basic group, where Telegram lets no bot decide who comes in. Make it a supergroup: in the group's settings, show its history to new members.
    }
access-ready =
    <b>{ $chat }</b> is a paid chat now. Who has paid is let in from now on; nobody is removed until you have looked at the plan and switched it to live.

    Known in it: { $present }. To go: { $going }. There without ever having paid: { $unlisted }.
access-begins-live =
    <b>{ $chat }</b> is a paid chat now. Nobody but admins was in it, so it is <b>live</b>: who has paid is let in, and removed when their time and the grace are over. /access changes that.
access-braked =
    🛑 <b>{ $chat }</b>: { $going } of { $present } members would be removed, which is more than { $percent }%.

    Nobody is removed until you have looked.
access-second-ask =
    { $who } wants { $going } members removed from <b>{ $chat }</b>. That needs a second yes.

# /access
access-private = Send me /access in our private chat.
access-refused = { $why }
access-title = <b>Paid chats</b>
access-none = No plan lets into a chat yet. Make a bot an admin of the chat, then name the chat in a plan.
access-unsold = { $count ->
        [one] A bot is an admin of one chat that no plan lets into: { $names }
       *[other] Bots are admins of { $count } chats that no plan lets into: { $names }
    }
access-line-unknown = A plan lets into the chat <code>{ $id }</code>, but no bot has ever been in it. Make a bot an admin there.
access-line = <b>{ $chat }</b>: { $state ->
        [problem] needs you
        [braked] waits for your yes
        [live] live
       *[dry] dry run, nobody is removed
    }, { $present ->
        [one] 1 member
       *[other] { $present } members
    }{ $unlisted ->
        [0] {""}
       *[other] , { $unlisted } unlisted
    }
access-card =
    <b>{ $chat }</b>
    { $mode ->
        [live] Live: who has no time left is removed after the grace period.
       *[dry] Dry run: nobody is removed. Look at the plan, then switch it to live.
    }
    Plans: { $plans }
access-people = Known in it: { $present ->
        [one] 1 member
       *[other] { $present } members
    }, { $admins ->
        [one] 1 admin
       *[other] { $admins } admins
    }{ $people ->
        [0] {""}
       *[other] {" "}(Telegram counts { $people } with bots)
    }
access-compared = Compared: { $at }
access-button-plan = Show the plan
access-button-unlisted = Unlisted: { $count }
access-button-check = Compare now
access-button-single = { $on ->
        [yes] One link for all, again
       *[no] A link of their own for each
    }
access-button-dry = Back to dry run
access-button-all = All chats
access-button-back = Back
access-button-refresh = Look again
access-button-live = Switch to live
access-button-approve = { $count ->
        [one] Yes, remove 1 member
       *[other] Yes, remove { $count } members
    }
access-plan = <b>Plan for { $chat }</b>{ $mode ->
        [live] {""}
       *[dry] {" "}(dry run)
    }
access-plan-going = { $count ->
        [0] Nobody goes.
        [one] 1 of { $present } goes:
       *[other] { $count } of { $present } go:
    }
access-plan-goes = – <a href="tg://user?id={ $id }">{ $name }</a>: { $why }
access-plan-more = { $count ->
        [one] and 1 more
       *[other] and { $count } more
    }
access-plan-coming = { $count ->
        [0] Nobody else may come in.
        [one] 1 more may come in, and has not.
       *[other] { $count } more may come in, and have not.
    }
access-plan-unlisted = { $count ->
        [one] 1 came in without paying, and stays until you decide.
       *[other] { $count } came in without paying, and stay until you decide.
    }
access-plan-brake = 🛑 More than { $percent }% at once: at most { $most } go without your yes.
access-plan-wanted = An admin (<code>{ $id }</code>) has said yes; another has to agree.
access-why = { $why ->
        [expired] paid until { $end }
        [nothing_left] what was paid was taken back
        [decided] an admin decided so
       *[other] has paid time again
    }
access-who = <b>In the chat without ever having paid</b>
access-who-none = Nobody waits for a decision.
access-who-line = – <a href="tg://user?id={ $id }">{ $name }</a>, { $came ->
        [hand] let in by an admin or another link
        [others] came by a link made for another member
        [link] came by our link
       *[other] was there before
    }
access-button-adopt = Adopt
access-button-remove = Remove
access-button-ignore = Ignore
access-button-adopt-all = Adopt all
access-button-ignore-all = Ignore all
access-decided = { $decision ->
        [adopt] May stay: { $count }
        [remove] To be removed: { $count }
       *[ignore] Ignored: { $count }
    }
access-second = Another admin has to agree: all of them have been asked.
access-said-live = Live.
access-said-yes = It goes on.
access-said-dry = Dry run. Taken back: { $count }
access-said-check = It is being compared.
