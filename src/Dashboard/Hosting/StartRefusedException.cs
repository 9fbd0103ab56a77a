using Microsoft.Extensions.Options;
using Ops.Data.Startup;

namespace Ops.Dashboard.Hosting;

/// <summary>The dashboard will not start like this. The message says why, for whoever started it.</summary>
internal sealed class StartRefusedException(string message) : Exception(message)
{
    /// <summary>The plain text of a failure that needs no stack trace, or null for any other.</summary>
    public static string? Explain(Exception exception) => exception switch
    {
        StartRefusedException or RegistryUnusableException => exception.Message,
        OptionsValidationException options => string.Join(Environment.NewLine, options.Failures),
        _ => null,
    };
}
