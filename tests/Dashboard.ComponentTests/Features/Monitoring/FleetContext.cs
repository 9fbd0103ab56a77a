using Bunit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets.Local.Inventory;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Startup;
using Ops.Data.Targets;
using Ops.Testing;

namespace Ops.Dashboard.ComponentTests.Features.Monitoring;

/// <summary>The watching screens over an empty registry, with a clock that a test moves; a test publishes what they show.</summary>
internal sealed class FleetContext : BunitContext
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ops-screens-");

    private FleetContext()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Charts = JSInterop.SetupModule("./js/charts.js");
        Charts.Mode = JSRuntimeMode.Loose;
        Services.AddLogging();
        Services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        Services.AddSingleton<TimeProvider>(Time);
        Services.AddSingleton<Ticker>();
        Services.AddScoped<ConfirmService>();
        Services.AddScoped<ToastService>();
        Services.AddSqliteRegistry(Path.Combine(folder.FullName, "ops.db"));
        Services.AddSingleton<IGpuReader, NoGpus>();
        Services.AddSingleton(provider => new LocalMachine(provider.GetRequiredService<IGpuReader>(), Time, null, _ => null));
        Services.AddCommands();
        Services.AddServing();
        Services.AddRollouts();
        Services.AddMonitoring();
    }

    public ManualTime Time { get; } = new();

    /// <summary>What charts were told in the browser.</summary>
    public BunitJSModuleInterop Charts { get; }

    public FleetFeed Feed => Services.GetRequiredService<FleetFeed>();

    /// <param name="arrange">Adds services before the first is used.</param>
    public static async Task<FleetContext> CreateAsync(Action<FleetContext>? arrange = null)
    {
        var context = new FleetContext();
        arrange?.Invoke(context);
        await context.Services.GetRequiredService<RegistryMigrator>().MigrateAsync();
        return context;
    }

    public static EndpointTile Tile(string name, Health health, TargetEnvironment environment = TargetEnvironment.Production, RolloutFacts? rollout = null) => new()
    {
        Facts = new()
        {
            Id = Guid.NewGuid(),
            Name = name,
            TargetId = Guid.NewGuid(),
            Target = "local",
            TargetKind = TargetKinds.Local,
            Environment = environment,
            Stable = new(Guid.NewGuid(), Guid.NewGuid(), "digits", 2, 2, 4, 512, false),
            Rollout = rollout,
        },
        Health = health,
        Why = health is Health.Healthy ? null : $"{name} is {health}.",
        Wanted = 2,
        Ready = health == Health.Burning ? 0 : 2,
        Rate = 12.5,
        ErrorShare = health == Health.Burning ? 0.2 : 0,
        P95 = 0.0123,
    };

    public static RolloutFacts Rolling() => new(Guid.NewGuid(), 7, RolloutState.Running, "1 of 2 ready.", null);

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }

    private sealed class NoGpus : IGpuReader
    {
        public GpuReading Read() => new([], "No GPU was found.");
    }
}
