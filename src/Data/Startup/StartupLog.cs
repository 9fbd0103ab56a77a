using Microsoft.Extensions.Logging;

namespace Ops.Data.Startup;

internal static partial class StartupLog
{
    [LoggerMessage(101, LogLevel.Information, "Brings the database up to date: {Count} migrations, up to {Newest}")]
    public static partial void Migrating(this ILogger log, int count, string newest);

    [LoggerMessage(102, LogLevel.Information, "The database was copied to {File} before the migration")]
    public static partial void BackedUp(this ILogger log, string file);

    [LoggerMessage(103, LogLevel.Information, "Another process is migrating this database; waits for it")]
    public static partial void WaitsForTurn(this ILogger log);
}
