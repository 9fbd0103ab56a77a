using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ops.Runtime.Tests.Support;

/// <summary>A model store over HTTP, with some habits of bad ones.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private FileServer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First() + "/";

    public static async Task<FileServer> StartAsync(byte[] content)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/file", context => context.Response.Body.WriteAsync(content).AsTask());
        app.MapGet("/redirect", context =>
        {
            context.Response.Redirect("/file");
            return Task.CompletedTask;
        });
        app.MapGet("/endless", async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(content);
            }
        });
        var broken = false;
        app.MapGet("/broken-once", async context =>
        {
            if (broken)
            {
                await context.Response.Body.WriteAsync(content);
                return;
            }

            broken = true;
            context.Response.ContentLength = content.Length;
            await context.Response.Body.WriteAsync(content.AsMemory(0, 1000));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await app.StartAsync();
        return new FileServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
