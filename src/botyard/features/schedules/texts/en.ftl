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
schedule-catches-up = Makes up once for what it missed while botyard was not running
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
schedule-button-run = ⚡ Post now
schedule-button-again = ⚡ Post once more
schedule-button-edit = Edit
schedule-confirm-again =
    <b>{ $name } was posted a moment ago.</b>

    Post it once more?

schedule-button-history = History
schedule-button-delete = Delete
schedule-button-drop = Delete it
schedule-button-keep = Keep it
schedule-button-back = « Back
schedule-button-all = « All schedules

schedule-paused = Paused.
schedule-resumed = Goes on.
schedule-running = It is posted now.
schedule-ran-meanwhile = It was posted a moment ago.
schedule-deleted = Deleted.
schedule-gone = This schedule is gone.
schedule-unknown = { $problem }

# /schedules add, /schedules edit
schedule-added = <b>Scheduled.</b>
schedule-edited = <b>Changed.</b> Its history stays.
schedule-unchanged = <b>Nothing is changed:</b> it is so already.
schedule-refused = <b>Not scheduled. { $problem }</b> { $remedy }
schedule-line-empty = (nothing)
schedule-wrong-line =
    <b>{ $problem }</b> { $remedy }

    Line { $line }: <code>{ $said }</code>
schedule-send-again = Mend the line and send all of it again. /schedules add shows an example.
schedule-edit =
    <b>To change { $name }</b>, copy this, change what you like, and send it:

    <pre>/schedules edit { $name }
    { $lines }</pre>

    You may leave out lines that stay as they are. A line that you send takes the place of the old one as a whole.
schedule-action = <code>{ $usage }</code> – { $title }
schedule-template =
    <b>A new schedule is four lines:</b> its name, what to post, where, and when. Copy this and change it:

    <pre>/schedules add morning-post
    { $usage }
    to { $chat } @my_channel
    every day at 09:00 in Europe/London</pre>
schedule-what =
    <b>What:</b>
    { $actions }
schedule-when =
    <b>When:</b> <code>every 4h</code>, <code>every day at 09:00</code>, <code>every mon,thu at 18:30</code>, or <code>cron 0 */4 * * *</code> (five fields, as servers write it: minute, hour, day, month, weekday).

    Then, as you like: <code>in Europe/London</code>, <code>quiet 22:00-07:00</code>, <code>from 2027-01-31T09:00</code>, <code>until 2027-03-01</code>, <code>jitter 5m</code> (each time up to so much later, so that posts do not come by the minute), and <code>catch-up</code> to make up once for what was missed while botyard was not running.
