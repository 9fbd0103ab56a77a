using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Dashboard.Features.Targets.Local.Inventory;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Integration.Tests.Targets;

/// <summary>The local driver over a folder of its own, starting the real runtime. Whatever still runs at the end is killed.</summary>
internal sealed class LocalDriverHarness : IAsyncDisposable
{
    private static readonly string Models = Path.Combine(AppContext.BaseDirectory, "TestData");
    private readonly string root = Path.Combine(Path.GetTempPath(), "ops-driver-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly List<LocalTargetDriver> drivers = [];
    private readonly List<HttpMessageInvoker> clients = [];
    private Life life = new();

    public LocalDriverHarness() => Directory.CreateDirectory(ReplicasRoot);

    public string ReplicasRoot => Path.Combine(root, "local", "replicas");

    public int CachedVersions => Directory.GetDirectories(Path.Combine(root, "local", "cache"), new string('?', 64)).Length;

    public ObservedEndpoints Observed { get; private set; } = new();

    public ConcurrentQueue<TargetEvent> Events { get; } = new();

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(20) };

    public EndpointRef Endpoint { get; } = new(Guid.NewGuid(), "digits", Guid.NewGuid());

    /// <summary>Processes whose command line names this harness's folder.</summary>
    public IReadOnlyList<int> Processes => [.. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var id) ? id : 0).Where(id => id > 0 && IsOurs(id))];

    public async Task<LocalTargetDriver> OpenAsync(Action<LocalTargetOptions>? configure = null, string? damagedSha256 = null)
    {
        var mine = life = new Life();
        var options = new LocalTargetOptions { HealthIntervalMilliseconds = 200 };
        configure?.Invoke(options);
        var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        clients.Add(http);
        Observed = new();
        var context = new LocalTargetContext
        {
            Options = options,
            ReplicasRoot = ReplicasRoot,
            CacheFolder = Path.Combine(root, "local", "cache"),
            NodeName = "here",
            Time = TimeProvider.System,
            Processes = new LocalProcesses(Options.Create(options), new ProcessReader(), TimeProvider.System),
            Probe = new(http, TimeProvider.System, options.HealthTimeout),
            Resolve = (plan, _) => Task.FromResult<Result<VersionSource>>(Source(plan, damagedSha256)),
            Knows = (_, _) => Task.FromResult(true),
            Observed = Observed,
            Events = new Queue(Events),
            Log = NullLogger.Instance,
            AtStep = _ => mine.IsOver ? Task.Delay(Timeout.Infinite) : Task.CompletedTask,
        };
        var driver = new LocalTargetDriver(context, () => throw new NotSupportedException("Nobody asks for the machine here."));
        drivers.Add(driver);
        await driver.OpenAsync(CancellationToken.None);
        return driver;
    }

    /// <summary>Does to the newest driver what a kill does: it takes no further step, and the system lets go of its lock.</summary>
    public void Kill()
    {
        life.IsOver = true;
        drivers[^1].Dispose();
    }

    public RevisionSpec Revision(int replicas, int memoryMiB = 512, IReadOnlyDictionary<string, string>? variables = null, int version = 1)
    {
        var file = Path.Combine(Models, "digits_cnn.onnx");
        var plan = new PlanSpec
        {
            EndpointId = Endpoint.Id,
            Endpoint = Endpoint.Name,
            TargetId = Endpoint.TargetId,
            Target = "local",
            Environment = TargetEnvironment.Dev,
            Model = "digits",
            VersionId = Guid.NewGuid(),
            Version = version,
            VersionDigest = ModelVersion.ComputeDigest([("model.onnx", Sha256(file))]),
            Replicas = replicas,
            Resources = new() { CpuThreads = 1, MemoryMiB = memoryMiB },
            EnvironmentVariables = variables ?? new Dictionary<string, string>(),
        };
        return new(Guid.NewGuid(), PlanSpec.HashOf(plan.ToCanonicalJson()), plan, replicas);
    }

    public async Task<EndpointObservation> UntilAsync(Func<EndpointObservation, bool> condition, double seconds = 30)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            if (Observed.Find(Endpoint.Id) is { } seen && condition(seen))
            {
                return seen;
            }

            Assert.True(patience.Elapsed.TotalSeconds < seconds, $"Not within {seconds} s; seen: {Describe()}");
            await Task.Delay(20);
        }
    }

    public async Task UntilAsync(Func<bool> condition, double seconds = 30)
    {
        var patience = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(patience.Elapsed.TotalSeconds < seconds, $"Not within {seconds} s; seen: {Describe()}");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!life.IsOver && drivers is [.., var last])
        {
            await last.CloseAsync(new CancellationToken(canceled: true));
            last.Dispose();
        }

        life.IsOver = true;
        foreach (var id in Processes)
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }

        foreach (var client in clients)
        {
            client.Dispose();
        }

        Http.Dispose();
        Directory.Delete(root, recursive: true);
    }

    private bool IsOurs(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Contains(root, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string Describe() =>
        string.Join("; ", Observed.Find(Endpoint.Id)?.Replicas.Select(r => $"{r.Id} {r.Phase} {r.Reason}") ?? ["nothing"])
        + " | " + string.Join(" | ", Events.Select(e => $"{e.Kind}: {e.Message}"));

    private static VersionSource Source(PlanSpec plan, string? damagedSha256)
    {
        var file = Path.Combine(Models, "digits_cnn.onnx");
        return new("onnx", [new("model.onnx", new Uri(file), damagedSha256 ?? Sha256(file), new FileInfo(file).Length)]);
    }

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private sealed class Life
    {
        private volatile bool isOver;

        public bool IsOver
        {
            get => isOver;
            set => isOver = value;
        }
    }

    private sealed class Queue(ConcurrentQueue<TargetEvent> events) : ITargetEvents
    {
        public void Report(TargetEvent happened) => events.Enqueue(happened);
    }
}
