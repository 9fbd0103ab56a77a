using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// The engine's process-wide state: its log, and one pool of threads that all sessions share, so that a process with
/// several models still keeps to the CPU it was given. The engine keeps it until the process ends; disposing only takes
/// the log away.
/// </summary>
internal sealed class OrtEnvironment : IDisposable
{
    private static readonly Lock Gate = new();

    /// <summary>The engine keeps one environment per process, so its messages go to whoever created it last.</summary>
    private static Action<int, string>? sink;

    /// <summary>What the engine says of every optimized model that is saved. The cache's key holds the kind of processor.</summary>
    private const string KnownWarning = "Serializing optimized model";

    private static bool sharesArena;

    private readonly Action<int, string> log;

    private OrtEnvironment(Action<int, string> log) => this.log = log;

    /// <summary>The execution providers this build of the engine has, by the engine's names.</summary>
    public IReadOnlyList<string> Providers { get; } = OrtEnv.Instance().GetAvailableProviders();

    /// <summary>Whether all sessions share one arena on the CPU.</summary>
    public bool SharesArena { get; } = sharesArena;

    /// <summary>Creates the environment, or joins the one this process already has (its thread count then stays).</summary>
    /// <param name="threads">CPU threads that one operator may use, the calling one included; at least 1. Never 0: the
    /// engine would count the machine's cores and overlook the CPU affinity and the container's limit.</param>
    /// <param name="spin">Whether idle pool threads spin for a while: lower latency, but CPU burnt beside others.</param>
    /// <param name="log">Receives warnings and errors of the engine: severity (2 warning, 3 error, 4 fatal) and text.</param>
    /// <param name="interOpThreads">Threads for independent operators of sessions that run them side by side; at least 1.</param>
    /// <param name="tightArena">All sessions share one arena that grows only by what is asked for.</param>
    public static OrtEnvironment Create(int threads, bool spin, Action<int, string> log, int interOpThreads = 1, bool tightArena = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interOpThreads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        lock (Gate)
        {
            Volatile.Write(ref sink, log);
            if (!OrtEnv.IsCreated)
            {
                using var threading = new OrtThreadingOptions
                {
                    GlobalIntraOpNumThreads = threads,
                    GlobalInterOpNumThreads = interOpThreads,
                    GlobalSpinControl = spin,
                };
                var options = new EnvironmentCreationOptions
                {
                    logId = "ops",
                    logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING,
                    threadOptions = threading,
                    loggingFunction = OnLog,
                };
                OrtEnv.CreateInstanceWithOptions(ref options).DisableTelemetryEvents();
                if (tightArena)
                {
                    UseTightArena();
                }
            }

            return new OrtEnvironment(log);
        }
    }

    public void Dispose() => Interlocked.CompareExchange(ref sink, null, log);

    private static void UseTightArena()
    {
        // No limit, grow by what is asked for; -1 leaves the sizes of chunks to the engine.
        using var arena = new OrtArenaCfg(0, 1, -1, -1);
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        OrtEnv.Instance().CreateAndRegisterAllocator(memory, arena);
        sharesArena = true;
    }

    private static void OnLog(nint parameter, OrtLoggingLevel severity, string category, string logId, string location, string message)
    {
        try
        {
            if (!message.Contains(KnownWarning, StringComparison.Ordinal))
            {
                Volatile.Read(ref sink)?.Invoke((int)severity, message);
            }
        }
#pragma warning disable CA1031 // An exception must not unwind through native frames: the process would die of a log line.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"A message of the engine could not be logged ({exception.GetType().Name}): {message}");
        }
    }
}
