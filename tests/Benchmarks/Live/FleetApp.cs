using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Benchmarks.Live;

/// <summary>The real dashboard over a registry with many endpoints, whose replicas and requests are pretended.</summary>
internal sealed class FleetApp : IAsyncDisposable
{
    public const string Password = "seven quiet rivers";
    private static readonly string[] Names = ["ranker", "digits", "fraud", "speech", "vision", "search", "spam", "price", "churn", "geo"];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-fleet-");
    private readonly CancellationTokenSource ended = new();
    private readonly List<EndpointRef> endpoints = [];
    private readonly FakeReplicas replicas;
    private readonly Factory factory;
    private Task traffic = Task.CompletedTask;

    private FleetApp(FakeReplicas replicas, int port)
    {
        this.replicas = replicas;
        factory = new(folder.FullName, port, replicas);
    }

    public IServiceProvider Services => factory.Services;

    public Uri Address => factory.ClientOptions.BaseAddress;

    /// <summary>Starts the dashboard with that many endpoints of two replicas each, all with traffic.</summary>
    /// <param name="count">Endpoints.</param>
    /// <param name="port">Where the dashboard listens; 0 for any.</param>
    /// <param name="troubled">Some burn, are degraded, silent or rolling.</param>
    public static async Task<FleetApp> StartAsync(int count, int port = 0, bool troubled = false)
    {
        var app = new FleetApp(await FakeReplicas.StartAsync((count * 2) + 2), port);
        app.factory.UseKestrel(port);
        app.factory.StartServer();
        await app.SeedAsync(count);
        await app.WaitUntilAllRunAsync();
        if (troubled)
        {
            app.Trouble();
        }

        app.traffic = app.DriveAsync(troubled);
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await traffic;
        await factory.DisposeAsync();
        await replicas.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
        ended.Dispose();
    }

    private async Task SeedAsync(int count)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var db = Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();
        var person = Person.Create("oncall", Roles.OnCall | Roles.Operator | Roles.Administrator, now);
        person.NormalizedUserName = "ONCALL";
        person.PasswordHash = Services.GetRequiredService<IPasswordHasher<Person>>().HashPassword(person, Password);
        db.Users.Add(person);
        var model = Model.Create("digits", "", person.Id, "oncall", now).Value;
        db.Models.Add(model);
        var metadata = await MetadataAsync();
        var versions = new[] { Version(model, person, metadata, now), Version(model, person, metadata, now) };
        db.Versions.AddRange(versions);
        var targets = Enum.GetValues<TargetEnvironment>().Select(e => Target.Create($"pretended-{e.ToString().ToLowerInvariant()}", FakeDriver.KindName, e, now).Value).ToArray();
        db.Targets.AddRange(targets);
        for (var i = 0; i < count; i++)
        {
            var target = targets[i % 3];
            var endpoint = Endpoint.Create($"{Names[i % Names.Length]}-{i:D2}{(i % 7 == 0 ? "-with-a-rather-long-name-for-a-tile-int8" : "")}", target.Id, person.Id, "oncall", now).Value;
            for (var number = 1; number <= 2; number++)
            {
                var plan = Plan.Seal(Spec(endpoint, target, model, versions[number - 1]), person.Id, "oncall", now);
                var rollout = Rollout.Request(plan, Details(number, person, now.AddMinutes((number * 20) - 50)));
                rollout.Start(now.AddMinutes((number * 20) - 49));
                endpoint.Activate(rollout.Id);
                rollout.Succeed(now.AddMinutes((number * 20) - 48));
                endpoint.Settle(rollout.Id, plan.Id);
                db.Plans.Add(plan);
                db.Rollouts.Add(rollout);
            }

            db.Endpoints.Add(endpoint);
            endpoints.Add(new(endpoint.Id, endpoint.Name, target.Id));
        }

        await db.SaveChangesAsync();
        foreach (var endpoint in endpoints)
        {
            Services.GetRequiredService<Ops.Dashboard.Features.Rollouts.Execution.ReconcileQueue>().Enqueue(endpoint.Id);
        }
    }

    private static NewRollout Details(int number, Person person, DateTimeOffset at) => new()
    {
        Number = number,
        RequestedById = person.Id,
        RequestedByName = "oncall",
        VersionUploadedById = person.Id,
        Reason = number == 1 ? "First version" : "Better at sevens",
        RequiredApprovals = 0,
        ApproverRole = Roles.Approver,
        Lifetime = TimeSpan.FromHours(1),
        Now = at,
    };

    private static PlanSpec Spec(Endpoint endpoint, Target target, Model model, ModelVersion version) => new()
    {
        EndpointId = endpoint.Id,
        Endpoint = endpoint.Name,
        TargetId = target.Id,
        Target = target.Name,
        Environment = target.Environment,
        Model = model.Name,
        VersionId = version.Id,
        Version = version.Number,
        VersionDigest = version.Digest,
        Replicas = 2,
        Resources = new() { CpuThreads = 2, MemoryMiB = 512 },
    };

    private static async Task<string> MetadataAsync()
    {
        await using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "TestData", "digits_cnn.onnx"));
        var read = await new OnnxReader().ReadAsync(stream, new Dictionary<string, long>(), OnnxReadLimits.Default, CancellationToken.None);
        return JsonSerializer.Serialize(read.Info, JsonSerializerOptions.Web);
    }

    private static ModelVersion Version(Model model, Person person, string metadata, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        var number = model.NextVersion("onnx", now).Value;
        VersionFile file = new() { VersionId = id, Path = "model.onnx", SizeBytes = 154_563, Sha256 = new((char)('0' + number), 64), ObjectId = $"pretended{number}" };
        return ModelVersion.Create([file], new()
        {
            Id = id,
            ModelId = model.Id,
            Number = number,
            Format = "onnx",
            MetadataJson = metadata,
            Store = "filesystem",
            UploadedById = person.Id,
            UploadedByName = "oncall",
            Now = now,
        });
    }

    private async Task WaitUntilAllRunAsync()
    {
        var observed = Services.GetRequiredService<ObservedEndpoints>();
        for (var attempt = 0; attempt < 600 && endpoints.Any(e => observed.Find(e.Id) is not { Replicas.Count: 2 }); attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }

        if (endpoints.Count(e => observed.Find(e.Id) is { Replicas.Count: 2 }) is var up && up < endpoints.Count)
        {
            throw new InvalidOperationException($"Only {up} of {endpoints.Count} endpoints run.");
        }
    }

    private void Trouble()
    {
        var driver = Services.GetServices<ITargetDriver>().OfType<FakeDriver>().Single();
        var observed = Services.GetRequiredService<ObservedEndpoints>();
        if (endpoints.Count > 3)
        {
            driver.Set(endpoints[2], 0, r => r with { Phase = ReplicaPhase.Failed, Reason = "The process ended with code 137: killed for using more than 512 MiB.", Restarts = 4, ProcessId = null, Address = null });
            foreach (var replica in observed.Find(endpoints[3].Id)!.Replicas)
            {
                replicas.Silence(replica.Address!);
            }
        }
    }

    // Ten times a second each endpoint answers a few requests; with trouble the second one fails often.
    private async Task DriveAsync(bool troubled)
    {
        var statistics = Services.GetRequiredService<ServingStatistics>();
        var random = new Random(1);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                for (var i = 0; i < endpoints.Count; i++)
                {
                    var counters = statistics.For(endpoints[i].Id);
                    var requests = random.Next(0, 2 + (i % 9));
                    for (var request = 0; request < requests; request++)
                    {
                        counters.Begin();
                        var milliseconds = (1 + (i % 5 * 6)) * (0.5 + random.NextDouble()) * (random.Next(20) == 0 ? 6 : 1);
                        counters.End(troubled && i == 1 && random.Next(4) == 0 ? 503 : 200, TimeSpan.FromMilliseconds(milliseconds));
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The dashboard is being stopped.
        }
    }

    // Any type of the dashboard names its entry point; its Program has the same name as the one here.
    private sealed class Factory(string data, int port, FakeReplicas replicas) : WebApplicationFactory<FleetFeed>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Development");
            builder.UseContentRoot(AppContext.BaseDirectory);
            builder.UseSetting("Ops:DataPath", data);
            builder.UseSetting("Urls", $"http://127.0.0.1:{port}");
            builder.ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
            builder.ConfigureServices(services =>
            {
                services.AddSingleton(replicas);
                services.AddSingleton<ITargetDriver, FakeDriver>();
            });
        }
    }
}
