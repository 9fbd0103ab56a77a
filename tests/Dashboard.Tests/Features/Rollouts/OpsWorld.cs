using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Audit;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Startup;
using Ops.Data.Targets;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Rollouts;

/// <summary>Which database a test runs on.</summary>
public enum Database
{
    Sqlite,
    Postgres,
}

/// <summary>A registry with people, versions and a target, a machine without processes, and as many processes of the dashboard over both as a test wants.</summary>
internal sealed class OpsWorld : IAsyncDisposable
{
    public const string Model = "digits";
    // Made once: to run every migration takes longer than most tests.
    private static readonly Lazy<Task<byte[]>> Migrated = new(MigrateAsync);

    private readonly List<ServiceProvider> processes = [];

    // In memory where there is such a place: these tests commit thousands of times, and none of them pulls the plug.
    private readonly DirectoryInfo folder = Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/ops-rollouts-{Guid.NewGuid():N}")
        : Directory.CreateTempSubdirectory("ops-rollouts-");

    private string? postgres;

    private Action<IServiceCollection> drivers = static _ => { };

    private OpsWorld(TimeProvider? clock) => Clock = clock ?? Time;

    /// <summary>The clock of a world that was not given another one.</summary>
    public ManualTime Time { get; } = new();

    /// <summary>The clock of every process.</summary>
    public TimeProvider Clock { get; }

    public FakeMachine Machine { get; } = new();

    public Dictionary<string, Person> People { get; } = new(StringComparer.Ordinal);

    public List<ModelVersion> Versions { get; } = [];

    public Target Target { get; set; } = null!;

    public IServiceProvider Services => processes[0];

    private string RegistryFile => Path.Combine(folder.FullName, "ops.db");

    /// <summary>Makes a world. The environment is Production (one approval) unless told.</summary>
    /// <param name="database">Where the registry is.</param>
    /// <param name="environment">Of the local target.</param>
    /// <param name="clock">Instead of <see cref="Time"/>, for tests with parts that have a clock of their own.</param>
    /// <param name="drivers">More drivers for every process, beside the one of <see cref="Machine"/>.</param>
    public static async Task<OpsWorld> CreateAsync(
        Database database = Database.Sqlite, TargetEnvironment environment = TargetEnvironment.Production, TimeProvider? clock = null, Action<IServiceCollection>? drivers = null)
    {
        var world = new OpsWorld(clock) { drivers = drivers ?? (static _ => { }) };
        world.postgres = database == Database.Postgres ? await PostgresServer.CreateDatabaseAsync() : null;
        if (database == Database.Sqlite)
        {
            await File.WriteAllBytesAsync(world.RegistryFile, await Migrated.Value);
        }

        var services = world.Start();
        await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
        await world.SeedAsync(environment);
        return world;
    }

    /// <summary>Stands for one more process of the dashboard.</summary>
    public ServiceProvider Start(Action<IServiceCollection>? change = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton(Clock);
        if (postgres is null)
        {
            services.AddSqliteRegistry(RegistryFile);
        }
        else
        {
            services.AddPostgresRegistry(postgres);
        }

        services.AddSingleton<CommandRunner>();
        services.AddServing();
        services.AddSingleton<ITargetDriver>(provider => new FakeDriver(Machine, provider.GetRequiredService<ObservedEndpoints>()));
        services.AddRollouts();
        services.AddApprovals();
        drivers(services);
        change?.Invoke(services);
        var process = services.BuildServiceProvider();
        processes.Add(process);
        return process;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public RegistryDb Open() => Get<IDbContextFactory<RegistryDb>>().CreateDbContext();

    /// <summary>A person signed in.</summary>
    public Caller As(string name) => new(People[name].Id, name, "password", People[name].SecurityStamp!, Guid.NewGuid().ToString("N"));

    public DraftPlan Draft(int version = 1, string endpoint = "digits") => new()
    {
        Endpoint = endpoint,
        TargetId = Target.Id,
        VersionId = Versions[version - 1].Id,
        MemoryMiB = 256,
        Replicas = 2,
    };

    public async Task<RolloutRef> RequestAsync(int version = 1, string by = "operator", Func<DraftPlan, DraftPlan>? change = null)
    {
        var draft = Draft(version);
        var result = await Get<RequestRollout>().RunAsync(As(by), change?.Invoke(draft) ?? draft, "because");
        Assert.True(result.Succeeded, result.Failure?.Message);
        return result.Value;
    }

    public async Task<Result<RolloutRef>> DecideAsync(Guid rolloutId, Verdict verdict, string by = "approver", string reason = "looked at it", IServiceProvider? process = null)
    {
        await using var db = Open();
        var rollout = await db.Rollouts.SingleAsync(r => r.Id == rolloutId);
        return await (process ?? Services).GetRequiredService<DecideRollout>().RunAsync(
            As(by),
            new() { RolloutId = rolloutId, Verdict = verdict, Reason = reason, PlanHash = rollout.PlanHash, VersionDigest = rollout.VersionDigest });
    }

    /// <summary>Asks for a version and has it approved.</summary>
    public async Task<RolloutRef> ApprovedAsync(int version = 1, Func<DraftPlan, DraftPlan>? change = null)
    {
        var asked = await RequestAsync(version, change: change);
        var decided = await DecideAsync(asked.Id, Verdict.Approve);
        Assert.True(decided.Succeeded, decided.Failure?.Message);
        return decided.Value;
    }

    public async Task<Rollout> RolloutAsync(Guid id)
    {
        await using var db = Open();
        return await db.Rollouts.Include(r => r.Decisions).SingleAsync(r => r.Id == id);
    }

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(string action, AuditResult result = AuditResult.Done)
    {
        await using var db = Open();
        return await db.AuditEntries.Where(e => e.Action == action && e.Result == result).OrderBy(e => e.Id).ToListAsync();
    }

    public async Task<IReadOnlyList<RolloutEvent>> EventsAsync(Guid rolloutId)
    {
        await using var db = Open();
        return await db.RolloutEvents.Where(e => e.RolloutId == rolloutId).OrderBy(e => e.Id).ToListAsync();
    }

    /// <summary>What was told of an endpoint, also after its last rollout had ended.</summary>
    public async Task<IReadOnlyList<RolloutEvent>> EventsOfEndpointAsync(Guid endpointId)
    {
        await using var db = Open();
        return await db.RolloutEvents.Where(e => e.EndpointId == endpointId).OrderBy(e => e.Id).ToListAsync();
    }

    public async Task ChangePolicyAsync(int required, Roles role = Roles.Approver, bool rollbackNeedsApproval = false)
    {
        await using var db = Open();
        var policy = await db.ApprovalPolicies.SingleAsync(p => p.Environment == Target.Environment);
        Assert.True(policy.Change(required, role, rollbackNeedsApproval, 72).Succeeded);
        await db.SaveChangesAsync();
    }

    public async Task<Person> AddPersonAsync(string name, Roles roles)
    {
        await using var db = Open();
        var person = Person.Create(name, roles, Clock.GetUtcNow());
        person.NormalizedUserName = name.ToUpperInvariant();
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return People[name] = person;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        if (postgres is not null)
        {
            await PostgresServer.DropDatabaseAsync(postgres);
        }

        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }

    /// <summary>A copy of the registry as it is now (SQLite).</summary>
    public async Task<byte[]> BackUpAsync()
    {
        var copy = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.db");
        await using var db = Open();
        await db.Database.ExecuteSqlAsync($"VACUUM INTO {copy}");
        return await File.ReadAllBytesAsync(copy);
    }

    /// <summary>Puts a copy in the place of the registry (SQLite). Nobody is at work on it meanwhile.</summary>
    public async Task RestoreAsync(byte[] backup)
    {
        SqliteConnection.ClearAllPools();
        foreach (var more in new[] { "-wal", "-shm" })
        {
            File.Delete(RegistryFile + more);
        }

        await File.WriteAllBytesAsync(RegistryFile, backup);
    }

    private static async Task<byte[]> MigrateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ops-migrated-").FullName;
        try
        {
            await using var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new ManualTime()).AddSqliteRegistry(Path.Combine(folder, "ops.db")).BuildServiceProvider();
            await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
            var copy = Path.Combine(folder, "copy.db");
            await using var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
            await db.Database.ExecuteSqlAsync($"VACUUM INTO {copy}");
            return await File.ReadAllBytesAsync(copy);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task SeedAsync(TargetEnvironment environment)
    {
        await AddPersonAsync("viewer", Roles.Viewer);
        await AddPersonAsync("operator", Roles.Operator);
        await AddPersonAsync("approver", Roles.Approver);
        await AddPersonAsync("approver-2", Roles.Approver);
        await AddPersonAsync("oncall", Roles.OnCall);
        await AddPersonAsync("administrator", Roles.Administrator);
        await AddPersonAsync("uploader", Roles.Operator | Roles.Approver);

        await using var db = Open();
        Target = await db.Targets.SingleAsync();
        Target.SetEnvironment(environment);
        var uploader = People["uploader"];
        var model = Ops.Data.Registry.Model.Create(Model, "", uploader.Id, "uploader", Clock.GetUtcNow()).Value;
        db.Models.Add(model);
        for (var number = 1; number <= 4; number++)
        {
            Versions.Add(MakeVersion(model, uploader));
            db.Versions.Add(Versions[^1]);
        }

        await db.SaveChangesAsync();
    }

    private ModelVersion MakeVersion(Model model, Person uploader)
    {
        var id = Guid.NewGuid();
        var number = model.NextVersion("onnx", Clock.GetUtcNow()).Value;
        VersionFile file = new() { VersionId = id, Path = "model.onnx", SizeBytes = 10, Sha256 = new string((char)('0' + number), 64), ObjectId = $"object{number}" };
        return ModelVersion.Create([file], new()
        {
            Id = id,
            ModelId = model.Id,
            Number = number,
            Format = "onnx",
            Store = "filesystem",
            UploadedById = uploader.Id,
            UploadedByName = "uploader",
            Now = Clock.GetUtcNow(),
        });
    }
}
