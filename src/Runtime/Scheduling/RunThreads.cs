namespace Ops.Runtime.Scheduling;

/// <summary>
/// Runs happen on the thread pool: on the very thread that has the request where the model is idle, so that a quiet
/// server pays for no hand-over. A run keeps its thread busy for as long as it takes, so the pool is told to have a thread
/// for each in addition to those it would have: the rest of the server never waits for a run to end.
/// </summary>
internal static class RunThreads
{
    private static readonly Lock Gate = new();

    /// <summary>Gives the pool more threads; fewer, when negative.</summary>
    public static void Reserve(int threads)
    {
        lock (Gate)
        {
            ThreadPool.GetMinThreads(out var workers, out var completions);
            ThreadPool.GetMaxThreads(out var most, out _);
            ThreadPool.SetMinThreads(Math.Min(workers + threads, most), completions);
        }
    }
}
