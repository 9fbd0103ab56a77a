using Ops.Dashboard.Commands;
using Ops.Dashboard.Components;
using Ops.Dashboard.Features.Access;
using Ops.Dashboard.Features.Access.Demo;
using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Features.Audit;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Registry;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Hosting;

try
{
    var builder = WebApplication.CreateBuilder(DemoFeature.WithoutSwitch(args));

    builder.AddHosting();
    builder.Services.AddOpsComponents();
    builder.Services.AddCommands();
    builder.Services.AddAccess();
    builder.AddDemo(args);
    builder.Services.AddAudit();
    builder.Services.AddRegistry();
    builder.Services.AddModelStore();
    builder.Services.AddServing();
    builder.Services.AddMonitoring();
    builder.Services.AddTargets();
    builder.Services.AddRollouts();
    builder.Services.AddApprovals();

    var app = builder.Build();

    app.UseAccess(app.ServersOfStores());
    app.MapHealth();
    app.MapServing();
    app.MapModelStore();
    app.MapTargets();
    app.MapOpsComponents();
    app.MapAccess();
    app.MapAudit();

    await app.MigrateRegistryAsync();
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (StartRefusedException.Explain(exception) is { } plain)
{
    await Console.Error.WriteLineAsync(plain);
    return 1;
}

/// <summary>The entry point, visible to tests that start the real application.</summary>
internal sealed partial class Program;
