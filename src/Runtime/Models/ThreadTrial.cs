using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>Chooses at loading on how many threads the runs of a version compute, unless the configuration says it.</summary>
internal sealed class ThreadTrial(SessionOpener sessions, IOptions<RuntimeOptions> options, ILogger<ThreadTrial> log)
{
    /// <summary>Loading a larger model a second time would cost more time and memory than the choice can bring.</summary>
    private const long LargestModel = 64 * 1024 * 1024;

    /// <summary>What is settled before anything is loaded.</summary>
    /// <returns>Null when only a trial can tell.</returns>
    public RunThreading? Known(ServedModel model, ExecutionSettings execution, KeptChoice kept) => execution switch
    {
        { RunThreads: ExecutionValidator.OneThread } => new RunThreading(RunThreadUse.One, "The configuration says so."),
        { RunThreads: ExecutionValidator.AdaptiveThreads } => new RunThreading(RunThreadUse.Adaptive, "The configuration says so."),
        { RunThreads: ExecutionValidator.SharedThreads } => RunThreading.Shared("The configuration says so."),
        { ParallelOperators: true } => RunThreading.Shared("Its operators go side by side."),
        { Providers.Count: > 0 } => RunThreading.Shared("It may run on another provider than the CPU."),
        { WarmUpRuns: 0 } => RunThreading.Shared("Without a warm-up nothing is measured."),
        _ when options.Value.EffectiveThreads == 1 => RunThreading.Shared("There is only one thread for inference."),
        _ when options.Value.ProfileFolder is not null => RunThreading.Shared("A profile is made, which would disturb a trial."),
        _ when model.Options.Files.Sum(f => f.Size) > LargestModel => RunThreading.Shared("It is too large to be loaded twice for a trial."),
        _ => kept.Read(),
    };

    /// <summary>Tries a loaded model on one thread too.</summary>
    /// <param name="session">The model on the shared threads, warmed up; disposed when another takes its place.</param>
    /// <param name="model">Which one.</param>
    /// <param name="folder">The version's folder in the cache, verified.</param>
    /// <param name="entry">Which of its files is the model.</param>
    /// <param name="execution">Shapes of the inputs.</param>
    /// <param name="kept">Where the choice is kept.</param>
    /// <returns>The sessions to serve with, and why.</returns>
    public (RunSessions Sessions, RunThreading Threading) Choose(
        OrtSession session, ServedModel model, string folder, ModelFileOptions entry, ExecutionSettings execution, KeptChoice kept)
    {
        OrtSession? one = null;
        var inputs = Array.Empty<OrtTensor>();
        try
        {
            inputs = WarmUp.Inputs(session, execution);
            one = sessions.Open(model, folder, entry, oneThread: true);
            var threads = options.Value.EffectiveThreads;
            var threading = RunThreading.Decide(new ThreadMeasurer(one, session, inputs, WarmUp.Outputs(session), model.Scheduler.Settings.Instances), threads);
            kept.Write(threading);
            if (threading.Use == RunThreadUse.Adaptive)
            {
                return (new RunSessions(session, one, threads), threading);
            }

            var (chosen, other) = threading.Use == RunThreadUse.One ? (one, session) : (session, one);
            other.Dispose();
            return (new RunSessions(chosen, null, threads), threading);
        }
        catch (Exception exception) when (exception is OrtException or ModelLoadException or AggregateException { InnerException: OrtException })
        {
            // The model runs as it is; that is what counts.
            one?.Dispose();
            log.ThreadTrialFailed(model.Name, model.Version, exception);
            return (new RunSessions(session, null, options.Value.EffectiveThreads), RunThreading.Shared("A trial run on one thread failed."));
        }
        finally
        {
            Scheduling.MergedRun.Dispose(inputs);
        }
    }
}
