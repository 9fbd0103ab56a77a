using Ops.Dashboard.Commands;
using Ops.Dashboard.Components;
using Ops.Dashboard.Features.Access;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Hosting;

var builder = WebApplication.CreateBuilder(args);

builder.AddHosting();
builder.Services.AddOpsComponents();
builder.Services.AddCommands();
builder.Services.AddAccess();
builder.Services.AddModelStore();
builder.Services.AddServing();
builder.Services.AddMonitoring();
builder.Services.AddTargets();

var app = builder.Build();

app.UseAccess();
app.MapHealth();
app.MapServing();
app.MapModelStore();
app.MapOpsComponents();
app.MapAccess();

await app.MigrateRegistryAsync();
await app.RunAsync();

/// <summary>The entry point, visible to tests that start the real application.</summary>
internal sealed partial class Program;
