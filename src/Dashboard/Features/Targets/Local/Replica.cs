using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>
/// One replica: keeps a process running as long as the replica is wanted, and takes it down gently when it is not.
/// What matters is on the disk before it is done, so that another dashboard can go on from any line of this.
/// </summary>
internal sealed class Replica : IDisposable
{
    private static readonly TimeSpan CleanUpRetry = TimeSpan.FromSeconds(2);

    // A killed process is gone within milliseconds unless the kernel itself hangs on its behalf.
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);
    private readonly LocalTargetContext context;
    private readonly ReplicaFolder folder;
    private readonly ReplicaAccount account;
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource rush = new();
    private readonly BackOff backOff = new();
    private string? reportedFailure;

    /// <summary>Takes charge of a replica whose record is on the disk.</summary>
    /// <param name="context">What all replicas share.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="record">What is in it.</param>
    /// <param name="changed">Called after each change of <see cref="Observation"/>.</param>
    public Replica(LocalTargetContext context, ReplicaFolder folder, ReplicaRecord record, Action changed)
    {
        (this.context, this.folder) = (context, folder);
        Plan = record.Spec;
        account = new(context, folder, record, changed, stop.Token);
        if (!record.Wanted)
        {
            stop.Cancel();
        }
    }

    /// <summary>The plan it serves.</summary>
    public PlanSpec Plan { get; }

    /// <summary>When it was first wanted.</summary>
    public DateTimeOffset CreatedAt => Record.CreatedAt;

    /// <summary>What is seen of it now.</summary>
    public ReplicaObservation Observation => account.Observation;

    /// <summary>Whether it is meant to stay.</summary>
    public bool IsWanted => Record.Wanted;

    /// <summary>What it wrote.</summary>
    public ReplicaLog Log => folder.Log;

    /// <summary>Completes when the process has ended for good and, where the replica is not wanted, its folder is gone.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Begins supervision.</summary>
    public void Start() => Completion = Task.Run(RunAsync);

    /// <summary>Writes down that the replica is to go, and shows it as stopping at once, so that nobody sends it anything more. The rest happens by itself.</summary>
    public void GiveUp()
    {
        if (!account.TryGiveUp())
        {
            return;
        }

        account.Show(o => o with { Phase = ReplicaPhase.Stopping, Reason = null, Next = null });
        try
        {
            account.Update(r => r);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes all the same; only a crash before its folder is gone would bring it back for a moment.
            context.Log.ReplicaRecordNotWritten(Record.Id, e);
        }

        stop.Cancel();
    }

    /// <summary>Stops the process because the dashboard stops; the replica stays wanted and is started again with the next dashboard.</summary>
    /// <param name="hurry">Cancelled when the process has to be killed.</param>
    public async Task ShutDownAsync(CancellationToken hurry)
    {
        await using var registration = hurry.Register(rush.Cancel);
        await stop.CancelAsync();
        await Completion;
    }

    /// <summary>Lets go of it once the dashboard has ended; its process is none of the things let go of.</summary>
    public void Dispose()
    {
        stop.Dispose();
        rush.Dispose();
    }

    private ReplicaRecord Record => account.Record;

    private async Task RunAsync()
    {
        try
        {
            await SuperviseAsync();
        }
        catch (Exception e)
        {
            context.Log.ReplicaSupervisionFailed(Record.Id, e);
        }
    }

    private async Task SuperviseAsync()
    {
        var process = Adopt();
        while (!stop.IsCancellationRequested)
        {
            ReplicaEnd end;
            try
            {
                process ??= await LaunchAsync();
                end = await new ReplicaWatch(context, folder, Record, Plan) { Show = account.Show, Report = account.Report }.WatchAsync(process, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (ReplicaLaunchException e)
            {
                end = ReplicaEnd.Failed(e.Message);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                end = ReplicaEnd.Failed($"This machine could not run it: {e.Message}");
            }
            catch (Exception e)
            {
                // A mistake of ours must not end supervision: it is shown where people look, and tried again.
                context.Log.ReplicaSupervisionFailed(Record.Id, e);
                end = ReplicaEnd.Failed($"Supervision failed: {e.Message}");
            }

            if (end.Kind == ReplicaEndKind.Stop)
            {
                break;
            }

            await ComeDownAsync(process, end);
            process = null;
            await PauseAsync(end);
        }

        await TakeDownAsync(process);
    }

    private IReplicaProcess? Adopt()
    {
        if (Record.Instance is not { } instance || context.Processes.Find(folder.RunFolder(instance), folder.ReadProcess(instance)) is not { } process)
        {
            return null;
        }

        account.Show(o => o with { Phase = Record.Wanted ? ReplicaPhase.Loading : ReplicaPhase.Stopping, ProcessId = process.Id, StartedAt = process.StartedAt });
        account.Report(RolloutEventLevel.Info, TargetEventKinds.Adopted, $"Replica {Record.Id} went on running while the dashboard was away (process {process.Id}).");
        return process;
    }

    private async Task<IReplicaProcess> LaunchAsync()
    {
        if (Plan.Nodes.Count > 0 && !Plan.Nodes.Contains(context.NodeName))
        {
            throw new ReplicaLaunchException($"The plan is for {string.Join(", ", Plan.Nodes)}; this machine is {context.NodeName}.");
        }

        var source = await context.Resolve(Plan, stop.Token);
        if (!source.Succeeded)
        {
            throw new ReplicaLaunchException(source.Failure.Message);
        }

        await context.AtStep(ReplicaStep.BeforeRecord);
        var again = Record.Instance is not null;
        var instance = Guid.NewGuid().ToString("N");
        account.Update(r => r with { Instance = instance, Restarts = again ? r.Restarts + 1 : r.Restarts });
        await context.AtStep(ReplicaStep.RecordWritten);
        folder.PrepareRun(instance, RuntimeConfiguration.Write(Record, source.Value, folder.RunFolder(instance), context.CacheFolder, context.Options.DrainTimeout));
        var process = context.Processes.Start(new(folder.ConfigFile(instance), folder.Log.Current, Plan.EnvironmentVariables));
        await context.AtStep(ReplicaStep.ProcessStarted);
        account.Show(o => o with { Phase = ReplicaPhase.Loading, ProcessId = process.Id, StartedAt = process.StartedAt, Address = null, Progress = null, Step = null, LoadingSince = process.StartedAt, Next = null, Restarts = Record.Restarts });
        if (again)
        {
            account.Report(RolloutEventLevel.Info, TargetEventKinds.Restarted, $"Replica {Record.Id} was started again (process {process.Id}, restart {Record.Restarts}).");
        }
        else
        {
            account.Report(RolloutEventLevel.Info, TargetEventKinds.Started, $"Replica {Record.Id} was started (process {process.Id}).");
        }

        return process;
    }

    /// <summary>Ends what is left of a process that does not do its work, and says why.</summary>
    private async Task ComeDownAsync(IReplicaProcess? process, ReplicaEnd end)
    {
        account.Show(o => o with { Phase = IsFailure(end) ? ReplicaPhase.Failed : ReplicaPhase.Pending, Reason = end.Reason, Next = null, Address = null, Progress = null, Step = null, LoadingSince = null });
        if (process is not null && !process.Ended.IsCompleted)
        {
            await Task.Delay(end.Kind == ReplicaEndKind.Unfit ? context.Options.LameDuck : TimeSpan.Zero, context.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndAsync(process, end.Patience);
        }

        process?.Dispose();
        account.Show(o => o with { ProcessId = null, StartedAt = null });
    }

    // A process that ends twice in a row without ever having answered will not be of use the third time either.
    private bool IsFailure(ReplicaEnd end) =>
        end.Kind == ReplicaEndKind.Failed || (end.Kind == ReplicaEndKind.Died && end.HealthyFor == TimeSpan.Zero && backOff.Failures > 0);

    private async Task PauseAsync(ReplicaEnd end)
    {
        var isFailure = IsFailure(end);
        var wait = backOff.Next(end.HealthyFor);
        var next = wait == TimeSpan.Zero ? "It is started again at once." : $"It is started again in {wait.TotalSeconds:0} s.";
        account.Show(o => o with { Next = next });
        if (!isFailure)
        {
            account.Report(RolloutEventLevel.Warning, TargetEventKinds.Died, $"Replica {Record.Id}: {end.Reason} {next}");
        }
        else if (end.Reason != reportedFailure)
        {
            // The same failure every half minute would bury the history.
            account.Report(RolloutEventLevel.Error, TargetEventKinds.Failed, $"Replica {Record.Id}: {end.Reason}");
        }

        reportedFailure = isFailure ? end.Reason : null;
        await Task.Delay(wait, context.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task TakeDownAsync(IReplicaProcess? process)
    {
        var wasRunning = process is not null;
        account.Show(o => o with { Phase = ReplicaPhase.Stopping, Reason = null, Next = null });
        if (process is not null)
        {
            await Task.Delay(context.Options.LameDuck, context.Time, rush.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await context.AtStep(ReplicaStep.BeforeStopSignal);
            await EndAsync(process, context.Options.DrainTimeout + TimeSpan.FromSeconds(1));
            process.Dispose();
        }

        await context.AtStep(ReplicaStep.BeforeFolderRemoved);
        await CleanUpAsync();
        account.Report(RolloutEventLevel.Info, TargetEventKinds.Stopped, wasRunning ? $"Replica {Record.Id} finished its requests and stopped." : $"Replica {Record.Id} was taken down.");
    }

    private async Task EndAsync(IReplicaProcess process, TimeSpan patience)
    {
        if (!process.RequestStop())
        {
            folder.RemoveRuns();
        }

        await context.AtStep(ReplicaStep.StopSignalSent);
        await Task.WhenAny(process.Ended, Task.Delay(patience, context.Time, rush.Token));
        if (!process.Ended.IsCompleted)
        {
            process.Kill();
            account.Report(RolloutEventLevel.Warning, TargetEventKinds.Killed, $"Replica {Record.Id} did not end within {patience.TotalSeconds:0} s and was killed (process {process.Id}).");
            await Task.WhenAny(process.Ended, Task.Delay(KillPatience, context.Time));
        }
    }

    private async Task CleanUpAsync()
    {
        while (true)
        {
            try
            {
                if (Record.Wanted)
                {
                    // Started again with the next dashboard, which is no restart that anybody has to worry about.
                    account.Update(r => r with { Instance = null });
                    folder.RemoveRuns();
                }
                else
                {
                    folder.Remove();
                }

                return;
            }
            catch (Exception e) when ((e is IOException or UnauthorizedAccessException) && !rush.IsCancellationRequested)
            {
                context.Log.ReplicaFolderNotRemoved(Record.Id, e);
                await Task.Delay(CleanUpRetry, context.Time, rush.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
