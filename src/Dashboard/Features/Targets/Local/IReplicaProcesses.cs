namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Starts processes and finds those that were started before.</summary>
internal interface IReplicaProcesses
{
    /// <summary>Starts a process that outlives the dashboard and needs nobody to read what it writes.</summary>
    /// <exception cref="IOException">It could not be started; the message says why.</exception>
    IReplicaProcess Start(ReplicaLaunch launch);

    /// <summary>Finds the process that watches a run folder, whoever started it; null when there is none.</summary>
    /// <param name="runFolder">The folder named in its command line.</param>
    /// <param name="report">What it said of itself, if it said something.</param>
    IReplicaProcess? Find(string runFolder, ProcessReport? report);
}

/// <summary>What a process is started with.</summary>
/// <param name="ConfigFile">Its configuration, inside its run folder.</param>
/// <param name="LogFile">Where its standard output and error go.</param>
/// <param name="Environment">The plan's variables.</param>
internal sealed record ReplicaLaunch(string ConfigFile, string LogFile, IReadOnlyDictionary<string, string> Environment);

/// <summary>A process of a replica.</summary>
internal interface IReplicaProcess : IDisposable
{
    /// <summary>Its id.</summary>
    int Id { get; }

    /// <summary>When it started.</summary>
    DateTimeOffset StartedAt { get; }

    /// <summary>Completes when it has ended.</summary>
    Task<ProcessEnd> Ended { get; }

    /// <summary>Main memory it holds, in bytes; null when that cannot be read.</summary>
    long? ResidentBytes();

    /// <summary>Asks it to finish what it has and end.</summary>
    /// <returns>False where the system has no such signal; removing the run folder says the same.</returns>
    bool RequestStop();

    /// <summary>Ends it at once.</summary>
    void Kill();
}

/// <summary>How a process ended, as far as it is known.</summary>
/// <param name="ExitCode">Its exit code; null when a signal ended it or nobody collected it.</param>
/// <param name="Signal">The signal that ended it.</param>
internal sealed record ProcessEnd(int? ExitCode, int? Signal)
{
    /// <summary>It ended and we were not its parent.</summary>
    public static ProcessEnd Unknown { get; } = new(null, null);

    /// <summary>Says it in plain words, as the end of "the process ...".</summary>
    public string Describe() => (ExitCode, Signal) switch
    {
        (_, 2) => "was interrupted (signal 2, SIGINT)",
        (_, 4) => "crashed on an illegal instruction (signal 4, SIGILL)",
        (_, 6) => "aborted itself (signal 6, SIGABRT)",
        (_, 7) => "crashed on bad memory (signal 7, SIGBUS)",
        (_, 8) => "crashed on arithmetic (signal 8, SIGFPE)",
        (_, 9) => "was killed (signal 9, SIGKILL), by a person or because the machine ran out of memory",
        (_, 11) => "crashed (signal 11, SIGSEGV)",
        (_, 15) => "was told to stop by somebody else (signal 15, SIGTERM)",
        (_, { } signal) => $"was ended by signal {signal}",
        (0, _) => "ended by itself (exit code 0)",
        (2, _) => "refused its configuration (exit code 2)",
        (3, _) => "found its run folder gone (exit code 3)",
        (127, _) => "could not be run: its program was not found (exit code 127)",
        ({ } code, _) => $"failed (exit code {code})",
        _ => "ended; its exit code is not known, because it was started before the dashboard was",
    };
}
