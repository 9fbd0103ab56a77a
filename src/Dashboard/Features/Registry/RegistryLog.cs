namespace Ops.Dashboard.Features.Registry;

internal static partial class RegistryLog
{
    [LoggerMessage(2151, LogLevel.Warning, "The sample model {Model} is not complete: {Reason}")]
    public static partial void SampleIncomplete(this ILogger log, string model, string reason);
}
