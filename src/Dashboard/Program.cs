using Ops.Dashboard.Commands;
using Ops.Dashboard.Components;
using Ops.Dashboard.Hosting;

var builder = WebApplication.CreateBuilder(args);

builder.AddHosting();
builder.Services.AddOpsComponents();
builder.Services.AddCommands();

var app = builder.Build();

app.MapHealth();
app.MapOpsComponents();

await app.RunAsync();

/// <summary>The entry point, visible to tests that start the real application.</summary>
internal sealed partial class Program;
