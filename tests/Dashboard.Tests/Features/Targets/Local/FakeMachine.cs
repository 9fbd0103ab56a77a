using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Targets.Local;

/// <summary>A machine whose processes are pretended. It outlives the drivers, as a machine outlives a dashboard that is killed.</summary>
internal sealed class FakeMachine : IReplicaProcesses, IAsyncDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-machine-").FullName;
    private readonly ConcurrentDictionary<int, FakeProcess> processes = new();
    private readonly List<LocalTargetDriver> drivers = [];
    private readonly Handler handler;
    private int lastId = 1000;
    private volatile bool isOver;

    public FakeMachine()
    {
        handler = new(this);
        Directory.CreateDirectory(ReplicasRoot);
    }

    public static EndpointRef Endpoint { get; } = new(Guid.NewGuid(), "digits", Guid.NewGuid());

    public string ReplicasRoot => Path.Combine(root, "local", "replicas");

    public ObservedEndpoints Observed { get; private set; } = new();

    public ConcurrentQueue<TargetEvent> Events { get; } = new();

    public IReadOnlyList<FakeProcess> Running => [.. processes.Values.Where(p => p.IsRunning).OrderBy(p => p.Id)];

    /// <summary>How new processes behave.</summary>
    public FakeBehaviour Behaviour { get; set; } = new();

    /// <summary>What the registry says about a plan.</summary>
    public Func<PlanSpec, Result<VersionSource>> Resolve { get; set; } = _ => new VersionSource("onnx", []);

    /// <summary>Whether the registry knows what was left behind.</summary>
    public bool RegistryKnows { get; set; } = true;

    public static RevisionSpec Revision(int replicas, Guid? planId = null)
    {
        var plan = new PlanSpec
        {
            EndpointId = Endpoint.Id,
            Endpoint = Endpoint.Name,
            TargetId = Endpoint.TargetId,
            Target = "local",
            Environment = Ops.Data.Targets.TargetEnvironment.Dev,
            Model = "digits",
            VersionId = Guid.NewGuid(),
            Version = 1,
            VersionDigest = new string('0', 64),
            Replicas = replicas,
        };
        return new(planId ?? Guid.NewGuid(), PlanSpec.HashOf(plan.ToCanonicalJson()), plan, replicas);
    }

    /// <summary>A driver as a dashboard has it, over the folder of this machine.</summary>
    /// <param name="dieAt">The step at which that dashboard is killed: it takes no further one.</param>
    public (LocalTargetDriver Driver, Task Died) NewDriver(ReplicaStep? dieAt = null)
    {
        var died = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Observed = new();
        var options = new LocalTargetOptions { LameDuckMilliseconds = 20, HealthIntervalMilliseconds = 50, HealthTimeoutMilliseconds = 500, DrainTimeoutSeconds = 1 };
        var driver = new LocalTargetDriver(
            new()
            {
                Options = options,
                ReplicasRoot = ReplicasRoot,
                CacheFolder = Path.Combine(root, "local", "cache"),
                NodeName = "here",
                ReadGpus = () => ["NVIDIA A100", "NVIDIA A100"],
                Time = TimeProvider.System,
                Processes = this,
                Probe = new(new HttpMessageInvoker(handler, disposeHandler: false), TimeProvider.System, options.HealthTimeout),
                Resolve = (plan, _) => Task.FromResult(Resolve(plan)),
                Knows = (_, _) => Task.FromResult(RegistryKnows),
                Observed = Observed,
                Events = new Queue(Events),
                Log = NullLogger.Instance,
                AtStep = step =>
                {
                    if (step == dieAt)
                    {
                        died.TrySetResult();
                    }

                    return isOver || died.Task.IsCompleted ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;
                },
            },
            () => new() { Name = "here", Architecture = "amd64", CpuCores = 2, MemoryBytes = 1, MemoryFreeBytes = 1 });
        drivers.Add(driver);
        return (driver, died.Task);
    }

    public async Task<LocalTargetDriver> OpenAsync()
    {
        var (driver, _) = NewDriver();
        await driver.OpenAsync(CancellationToken.None);
        return driver;
    }

    public IReplicaProcess Start(ReplicaLaunch launch)
    {
        if (Behaviour.RefusesToStart is { } reason)
        {
            throw new IOException(reason);
        }

        using var config = JsonDocument.Parse(File.ReadAllBytes(launch.ConfigFile));
        var instance = config.RootElement.GetProperty("Ops").GetProperty("Runtime").GetProperty("Instance").GetString()!;
        var process = new FakeProcess(Interlocked.Increment(ref lastId), Path.GetDirectoryName(launch.ConfigFile)!, instance, Behaviour);
        processes[process.Id] = process;
        process.Begin();
        return process.Handle();
    }

    public IReplicaProcess? Find(string runFolder, ProcessReport? report) =>
        processes.Values.FirstOrDefault(p => p.IsRunning && p.IsVisible && p.RunFolder == runFolder)?.Handle();

    public async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var i = 0; i < 500; i++)
        {
            if (condition())
            {
                return;
            }

            await Task.Delay(20);
        }

        Assert.Fail($"Not within 10 s: {what}. Running: {Running.Count}. Seen: {string.Join("; ", Seen().Select(r => $"{r.Id} {r.Phase} {r.Reason}"))}. Events: {string.Join(" | ", Events.Select(e => e.Message))}");
    }

    public IReadOnlyList<ReplicaObservation> Seen() => Observed.Find(Endpoint.Id)?.Replicas ?? [];

    public async ValueTask DisposeAsync()
    {
        isOver = true;
        foreach (var process in processes.Values)
        {
            process.End(new(null, 9));
        }

        foreach (var driver in drivers)
        {
            driver.Dispose();
        }

        handler.Dispose();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(root, recursive: true);
                return;
            }
            catch (IOException) when (attempt < 20)
            {
                // Somebody wrote a last file meanwhile.
                await Task.Delay(50);
            }
        }
    }

    private sealed class Handler(FakeMachine machine) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var process = machine.processes.GetValueOrDefault(request.RequestUri!.Port);
            return process is { IsRunning: true }
                ? Task.FromResult(new HttpResponseMessage(process.AnswersNotReady ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK))
                : throw new HttpRequestException("refused");
        }
    }

    private sealed class Queue(ConcurrentQueue<TargetEvent> events) : ITargetEvents
    {
        public void Report(TargetEvent happened) => events.Enqueue(happened);
    }
}
