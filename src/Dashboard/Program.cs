using Ops.Dashboard.Commands;
using Ops.Dashboard.Hosting;

var builder = WebApplication.CreateBuilder(args);

builder.AddHosting();
builder.Services.AddCommands();

var app = builder.Build();

app.UseStaticFiles();
app.MapHealth();

await app.RunAsync();

/// <summary>The entry point, visible to tests that start the real application.</summary>
internal sealed partial class Program;
