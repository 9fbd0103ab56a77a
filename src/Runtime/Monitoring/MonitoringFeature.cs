using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Monitoring;

/// <summary>Metrics and the log.</summary>
internal static class MonitoringFeature
{
    public static void AddMonitoring(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RuntimeMetrics>();
        builder.Services.AddSingleton<IGpuReader, NvmlReader>();
        builder.Services.AddSingleton<GpuMetrics>();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // With any level of this category the host makes an activity and a scope for every request, which nothing here reads:
        // lines of requests carry their ids themselves, and RuntimeTracing makes the spans.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.AddLines();
        if (builder.Configuration[$"{RuntimeOptions.Section}:{nameof(RuntimeOptions.LogFile)}"] is { Length: > 0 })
        {
            builder.Services.RemoveAll<ILoggerProvider>();
            builder.Services.AddSingleton<ILoggerProvider, FileLoggerProvider>();
        }
    }

    /// <summary>Writes the log as JSON lines to standard output.</summary>
    public static ILoggingBuilder AddLines(this ILoggingBuilder logging)
    {
        logging.AddJsonConsole(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });

        // Whoever reads our output may be slow or dead; that must not stop the work.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
        return logging;
    }

    public static void MapMetrics(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/metrics", MetricsEndpoint.HandleAsync);
}
