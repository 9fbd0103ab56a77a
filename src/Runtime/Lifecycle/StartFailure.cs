using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Ops.Runtime.Lifecycle;

/// <summary>Says why the process could not start.</summary>
internal static class StartFailure
{
    /// <summary>In plain words where the cause is known, otherwise with everything that helps to find it.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        OptionsValidationException invalid => string.Join(Environment.NewLine, invalid.Failures),
        JsonException or FormatException or InvalidOperationException or IOException or UnauthorizedAccessException => exception.Message,
        TypeInitializationException { InnerException: DllNotFoundException or BadImageFormatException or EntryPointNotFoundException } library =>
            $"ONNX Runtime's library cannot be loaded here (on Linux it needs glibc 2.28 or later): {library.InnerException!.Message}",
        _ => exception.ToString(),
    };
}
