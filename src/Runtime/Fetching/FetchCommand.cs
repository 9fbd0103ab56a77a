using System.Runtime.InteropServices;
using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Fetching;

/// <summary>
/// The command <c>fetch</c>: brings a version's files into a folder and ends, as the init step of a pod does. Started again it goes on where it was
/// stopped, and keeps what is there and right.
/// </summary>
internal static class FetchCommand
{
    /// <summary>How it is called.</summary>
    public const string Name = "fetch";

    // Where sysexits.h has a number for it, that one. The dashboard explains them, see ContainerWords.
    private const int BadUsage = 64;
    private const int WrongContent = 65;
    private const int Unavailable = 69;
    private const int Unexpected = 70;
    private const int CannotStore = 74;
    private const int Stopped = 128 + 15;

    /// <summary>Runs it.</summary>
    /// <param name="args">What comes after its name.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var arguments = FetchArguments.Read(args);
        if (arguments is null)
        {
            return await EndAsync(BadUsage, $"Usage: Ops.Runtime {FetchArguments.Usage}", FetchArguments.DefaultTerminationLog);
        }

        var (code, reason) = await RunAsync(arguments, stop.Token);
        return reason is null ? code : await EndAsync(code, reason, arguments.TerminationLog);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<(int Code, string? Reason)> RunAsync(FetchArguments arguments, CancellationToken cancellation)
    {
        try
        {
            var manifest = FetchManifest.Read(arguments.Manifest);
            using var logs = LoggerFactory.Create(logging => logging.AddLines());
            await FetchAsync(manifest, arguments, logs, cancellation);
            return (0, null);
        }
        catch (InvalidDataException exception)
        {
            return (BadUsage, exception.Message);
        }
        catch (FetchException exception)
        {
            return exception.Trouble switch
            {
                FetchTrouble.Content => (WrongContent, exception.Message),
                FetchTrouble.Refused => (Unavailable, $"{exception.Message} Links to a version expire: the dashboard writes new ones in time, and the next start reads them. If this goes on, see whether the dashboard reaches the cluster."),
                FetchTrouble.Unreachable => (Unavailable, $"{exception.Message} The next start goes on from what is here. If this goes on, see whether pods may reach the store."),
                _ => (CannotStore, exception.Message),
            };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return (Stopped, "It was told to stop. The next start goes on from what is here.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (CannotStore, FetchException.Storing("The files", exception).Message);
        }
#pragma warning disable CA1031 // Whatever else goes wrong is told to whoever started it, too.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await Console.Error.WriteLineAsync(exception.ToString());
            return (Unexpected, $"Fetching failed for a reason that was not foreseen ({exception.GetType().Name}); its log says more.");
        }
    }

    private static async Task FetchAsync(FetchManifest manifest, FetchArguments arguments, ILoggerFactory logs, CancellationToken cancellation)
    {
        var folder = arguments.IsCache ? Path.Combine(arguments.Into, manifest.Digest.ToLowerInvariant()) : arguments.Into;
        var files = manifest.Files.Select(f => WantedFile.Of(f, f.Path)).ToList();
        var total = files.Sum(f => f.Size);
        using var http = FileFetcher.CreateClient(manifest.Authorities is { } pem ? Authorities.Read(pem) : null);
        var fetcher = new FileFetcher(http, TimeSpan.FromSeconds(new RuntimeOptions().FetchStallSeconds), TimeProvider.System, logs.CreateLogger<FileFetcher>());
        var log = logs.CreateLogger(typeof(FetchCommand));
        log.FetchBegins(files.Count, manifest.Digest, total);
        if (arguments.IsCache)
        {
            MarkUsed(folder);
        }

        var progress = new ProgressLog(total, TimeProvider.System, log);
        using var incoming = arguments.IsCache ? IncomingFolder.Shared(arguments.Into, TimeProvider.System) : IncomingFolder.Own(folder, files);
        await new VerifiedFiles(fetcher, logs.CreateLogger<VerifiedFiles>()).EnsureAsync(folder, incoming, files, progress.Add, cancellation);
        if (arguments.IsCache)
        {
            MarkUsed(folder);
        }

        progress.End();
    }

    // Whoever tidies a cache up goes by when a version was last asked for: before it is looked at, so that it stays meanwhile, and after it came.
    private static void MarkUsed(string folder)
    {
        try
        {
            Directory.SetLastWriteTimeUtc(folder, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is not there yet, or is another's. Then it looks older than it is, and costs a download after it was tidied up.
        }
    }

    private static async Task<int> EndAsync(int code, string reason, string terminationLog)
    {
        await Console.Error.WriteLineAsync(reason);
        try
        {
            // Whoever wants to read it has made it: outside a cluster there is none, and none is made.
            if (File.Exists(terminationLog))
            {
                await File.WriteAllTextAsync(terminationLog, reason);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{terminationLog} cannot be written.");
        }

        return code;
    }
}
