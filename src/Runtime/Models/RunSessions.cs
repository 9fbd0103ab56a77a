using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Models;

/// <summary>A loaded model: one session, or two, of which each run takes the one that suits what else runs.</summary>
/// <param name="main">The session that says what the model is like; on the shared threads when there are two.</param>
/// <param name="oneThread">The same model on one thread for each run; null when <paramref name="main"/> does for all.</param>
/// <param name="threads">How many are shared.</param>
internal sealed class RunSessions(OrtSession main, OrtSession? oneThread, int threads) : IDisposable
{
    /// <summary>The session that says what the model is like.</summary>
    public OrtSession Main => main;

    /// <summary>Runs the model.</summary>
    public EngineRun Run { get; } = oneThread is null ? main.Run : new AdaptiveRun(main.Run, oneThread.Run, threads).Run;

    /// <summary>Waits for no run: the last one that is under way releases its session.</summary>
    public void Dispose()
    {
        main.Dispose();
        oneThread?.Dispose();
    }
}
