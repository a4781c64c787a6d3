# time: /grant, /revoke, and what members are told of it
grant-usage =
    <b>Give a member free time</b>

    <code>/grant @ana gold-1m 30d thank you for your help</code>

    The length (<code>30d</code>, <code>2w</code>, <code>3m</code>) may be left out: then it is the plan's own. A member is named by @username or Telegram id.
revoke-usage =
    <b>End what a member has of a plan, at once</b>

    <code>/revoke @ana gold sold the login</code>

    No money goes back. A member is named by @username or Telegram id.
time-private = Write to me about members' time in our private chat: /{ $command }
time-one-bot = You are an admin of { $bot } only. What is sold, paid and given holds for all bots, so it is for admins of the whole business.
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
    <b>End { $title } for { $name } now?</b>

    They have it until { $until }. No money goes back.

    Reason: { $reason }
revoke-repeats = ⚠️ A subscription ({ $way }) goes on paying for it: with its next payment they have it again. End the subscription first.
revoked = <b>Done.</b> { $title } has ended for { $name }.
time-given =
    🎁 <b>A gift for you: { $length } for free</b>

    { $title }: you have it until { $until }. /status shows all that you have.
time-ended-by-hand =
    <b>{ $title } has ended for you</b>

    It was ended by the people who run this business. If you think that this is a mistake, write to them. /plans shows what there is.

# reminders
reminder-soon =
    ⏳ <b>{ $title }: { $left } left</b>

    You have it until { $until }. If you renew before that, you lose no day: the new time comes after the old.
reminder-today =
    ⏳ <b>{ $title } ends soon</b>

    You have it until { $until }. If you renew before that, you lose no day: the new time comes after the old.
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
payments-line = • no. { $number } · { $line }
payments-refund = <i>To give one back: <code>/refund { $number } reason</code></i>
payments-kind = { $kind ->
    [charge] paid
    [renewal] renewed
    [refund] refund
    [chargeback] chargeback
    [won] chargeback won
    [grant] gift
    [trial] trial
    [reward] reward
    [reward-back] reward taken back
    [added] { $mine ->
        [yes] added the time of
       *[no] got the time of
    }
    [put-back] put back
   *[ended] an admin ended
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
