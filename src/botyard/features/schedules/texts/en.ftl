# /schedules
schedules-title = <b>Schedules</b> ({ $count })
schedules-none = <b>Nothing is scheduled yet.</b>
schedules-line-next =
    <b>{ $name }</b>
    { $rhythm }
    Next: { $next }
schedules-line-paused =
    <b>{ $name }</b>
    { $rhythm }
    Paused
schedules-line-over =
    <b>{ $name }</b>
    { $rhythm }
    Over: it has come to its end

schedule-name = <b>{ $name }</b>
schedule-does = Posts: { $does }
schedule-to = To: { $places }
schedule-rhythm = When: { $rhythm }
schedule-next = Next: <b>{ $next }</b>
schedule-is-paused = Next: <b>paused</b>
schedule-over = Next: <b>never</b>, it has come to its end
schedule-catches-up = Makes up once for what it missed while botyard was down
schedule-last = Last: { $run }
schedule-history = <b>{ $name }</b>, latest runs
schedule-no-runs = It has not run yet.
schedule-run = { $sign } { $at }: { $state ->
        [done] done
        [failed] failed
        [missed] missed
       *[queued] under way
    }{ $detail }
schedule-confirm =
    Delete <b>{ $name }</b> and its history?

    What it has posted stays where it is.

schedule-button-pause = ⏸ Pause
schedule-button-resume = ▶ Resume
schedule-button-run = ⚡ Run now
schedule-button-history = History
schedule-button-delete = Delete
schedule-button-drop = Delete it
schedule-button-keep = Keep it
schedule-button-back = « Back
schedule-button-all = « All schedules

schedule-paused = Paused.
schedule-resumed = Goes on.
schedule-running = It runs now.
schedule-ran-meanwhile = It has run meanwhile. Press again to run it once more.
schedule-deleted = Deleted.
schedule-gone = This schedule is gone.
schedule-unknown = There is no schedule { $name }. /schedules lists those there are.

# /schedules add
schedule-added = <b>Scheduled.</b>
schedule-refused = <b>Not scheduled.</b> { $problem }
schedule-line-empty = (nothing)
schedule-wrong-line =
    <b>Line { $line } is wrong:</b> <code>{ $said }</code>
    { $problem }
schedule-action = <code>{ $usage }</code> – { $title }
schedule-template =
    <b>A new schedule is four lines:</b> its name, what to post, where, and when. Copy this and change it:

    <pre>/schedules add morning-post
    { $usage }
    to { $chat } @my_channel
    every day at 09:00 in Europe/London</pre>

    <b>What:</b>
    { $actions }

    <b>When:</b> <code>every 4h</code>, <code>every mon,thu at 18:30</code>, <code>cron 0 */4 * * *</code>; then, as you like, <code>in Europe/London</code>, <code>quiet 22:00-07:00</code>, <code>from 2027-01-31T09:00</code>, <code>until 2027-03-01</code>, <code>jitter 5m</code>, and <code>catch-up</code> to make up once for what was missed while botyard was down.
