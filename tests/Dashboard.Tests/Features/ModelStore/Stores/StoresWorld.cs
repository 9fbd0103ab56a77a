using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Startup;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

/// <summary>A registry, a data folder, allowed roots and buckets that are folders, with as many dashboards over them as a test wants.</summary>
internal sealed class StoresWorld : IAsyncDisposable
{
    public const string Secret = "wJalrXUtnFEMI-K7MDENG";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-stores-");
    private readonly List<ServiceProvider> processes = [];

    private StoresWorld()
    {
        Buckets = new FakeBuckets(Path.Combine(folder.FullName, "buckets"));
        Root = folder.CreateSubdirectory("shares").FullName;
    }

    public ManualTime Time { get; } = new();

    public FakeBuckets Buckets { get; }

    /// <summary>The folder below which stores are allowed.</summary>
    public string Root { get; }

    public string DataPath => Path.Combine(folder.FullName, "data");

    public IServiceProvider Services => processes[0];

    public ModelStores Stores => Get<ModelStores>();

    public static async Task<StoresWorld> CreateAsync()
    {
        var world = new StoresWorld();
        world.Start();
        await world.Get<RegistryMigrator>().MigrateAsync();
        return world;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public RegistryDb Db() => Get<IDbContextFactory<RegistryDb>>().CreateDbContext();

    /// <summary>Starts one more dashboard over the same registry and data folder.</summary>
    public ServiceProvider Start()
    {
        var data = new DataFolder(DataPath);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Ops:Stores:AllowedRoots:0"] = Root }).Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton(data);
        services.AddSingleton<TimeProvider>(Time);
        services.AddDataProtection().SetApplicationName("Ops").PersistKeysToFileSystem(new DirectoryInfo(data.Folder("keys")));
        services.AddSqliteRegistry(data.DatabaseFile);
        services.AddCommands();
        services.AddStores();
        services.RemoveAll<IModelStoreKind>();
        services.AddSingleton<IModelStoreKind, FileSystemKind>();
        services.AddSingleton<IModelStoreKind>(Buckets);
        var process = services.BuildServiceProvider();
        processes.Add(process);
        return process;
    }

    public async Task<Person> PersonAsync(Roles roles)
    {
        await using var db = Db();
        var person = Person.Create($"p-{Guid.NewGuid():N}"[..14], roles, Time.GetUtcNow());
        person.NormalizedUserName = person.UserName!.ToUpperInvariant();
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return person;
    }

    public async Task<Caller> CallerAsync(Roles roles = Roles.Administrator)
    {
        var person = await PersonAsync(roles);
        return new(person.Id, person.UserName!, "password", person.SecurityStamp!, Guid.NewGuid().ToString("N"));
    }

    public static StoreInput Bucket(string name = "minio", string bucket = "models", string? secret = Secret) => new()
    {
        Name = name,
        Kind = StoreKinds.S3,
        Settings = new Dictionary<string, string?> { ["endpoint"] = "http://127.0.0.1:9000", ["region"] = "us-east-1", ["bucket"] = bucket, ["prefix"] = "ops/", ["pathStyle"] = "true" },
        Secrets = new Dictionary<string, string?> { ["accessKey"] = secret is null ? null : "AKIA-visible-to-nobody", ["secretKey"] = secret },
    };

    /// <summary>Adds a bucket as an administrator does.</summary>
    public async Task<Store> AddAsync(string name = "minio", string bucket = "models")
    {
        var added = await Get<StoreCommands>().AddAsync(await CallerAsync(), Bucket(name, bucket), new());
        Assert.True(added.Succeeded && added.Value.IsSaved, added.Failure?.Message);
        return await FindAsync(name);
    }

    public async Task<Store> FindAsync(string name)
    {
        await using var db = Db();
        return await db.Stores.AsNoTracking().SingleAsync(s => s.Name == name);
    }

    /// <summary>Puts versions of a model into a store, as far as the registry knows.</summary>
    public async Task AddVersionsAsync(string store, int count, string model = "digits")
    {
        await using var db = Db();
        var made = Model.Create(model, "", Guid.NewGuid(), "olga", Time.GetUtcNow()).Value;
        db.Models.Add(made);
        for (var number = 1; number <= count; number++)
        {
            var id = Guid.CreateVersion7(Time.GetUtcNow().AddSeconds(number));
            db.Versions.Add(ModelVersion.Create(
                [new() { VersionId = id, Path = "model.onnx", SizeBytes = 100, Sha256 = new('a', 64), ObjectId = ObjectIds.Create() }],
                new() { Id = id, ModelId = made.Id, Number = made.NextVersion("onnx", Time.GetUtcNow()).Value, Format = "onnx", Store = store, UploadedById = Guid.NewGuid(), UploadedByName = "olga", Now = Time.GetUtcNow() }));
        }

        await db.SaveChangesAsync();
    }

    public async Task<List<AuditEntry>> AuditAsync(string action)
    {
        await using var db = Db();
        return await db.AuditEntries.AsNoTracking().Where(e => e.Action == action).OrderBy(e => e.Id).ToListAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }
}
