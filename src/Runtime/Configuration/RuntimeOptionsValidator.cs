using Microsoft.Extensions.Options;
using Ops.Runtime.Fetching;
using Ops.Runtime.Models;
using Ops.Runtime.Processing;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Configuration;

/// <summary>Checks the whole configuration and reports every failure at once, each with its key.</summary>
internal sealed class RuntimeOptionsValidator : IValidateOptions<RuntimeOptions>
{
    private const int MaxNameLength = 128;
    private const int MinTokenLength = 16;

    public ValidateOptionsResult Validate(string? name, RuntimeOptions options)
    {
        var failures = Failures(options).Select(f => $"{RuntimeOptions.Section}:{f.Key} {f.Reason}").ToList();
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<(string Key, string Reason)> Failures(RuntimeOptions options)
    {
        if (!AreListenAddresses(options.Urls))
        {
            yield return ("Urls", "must hold addresses like http://127.0.0.1:8080, separated by semicolons; only http is served.");
        }

        if (options.GrpcUrls.Length > 0 && !AreListenAddresses(options.GrpcUrls))
        {
            yield return ("GrpcUrls", "must be empty, or hold addresses like http://127.0.0.1:8081, separated by semicolons; only http is served.");
        }

        if (options.RunFolder is not null && !Path.IsPathFullyQualified(options.RunFolder))
        {
            yield return ("RunFolder", "must be a full path.");
        }

        if (!Path.IsPathFullyQualified(options.CacheFolder))
        {
            yield return ("CacheFolder", "must be a full path.");
        }

        if (options.LogFile is not null && !Path.IsPathFullyQualified(options.LogFile))
        {
            yield return ("LogFile", "must be a full path.");
        }

        if (options.ProfileFolder is not null && !Path.IsPathFullyQualified(options.ProfileFolder))
        {
            yield return ("ProfileFolder", "must be a full path.");
        }

        if (options.ArenaExtend is not ("power-of-two" or "same-as-requested"))
        {
            yield return ("ArenaExtend", "must be 'power-of-two' or 'same-as-requested'.");
        }

        foreach (var (key, reason) in ExecutionValidator.Failures(options.Execution))
        {
            yield return ($"Execution:{key}", reason);
        }

        if (options.Otlp.Endpoint is { Length: > 0 } endpoint && (!Uri.TryCreate(endpoint, UriKind.Absolute, out var collector) || collector.Scheme is not ("http" or "https")))
        {
            yield return ("Otlp:Endpoint", "must be an http or https address.");
        }

        if (options.Otlp.Protocol is not (null or "" or "grpc" or "http/protobuf"))
        {
            yield return ("Otlp:Protocol", "must be grpc or http/protobuf.");
        }

        foreach (var (key, value, least, most) in Ranges(options))
        {
            if (!(value >= least && value <= most))
            {
                yield return (key, $"must be from {least} to {most}.");
            }
        }

        if (options.Repository.Token is { Length: < MinTokenLength })
        {
            yield return ("Repository:Token", $"must have at least {MinTokenLength} characters.");
        }

        if (options.Models.Count == 0)
        {
            yield return ("Models", "must name at least one model.");
        }

        var seen = new HashSet<(string, string)>();
        for (var i = 0; i < options.Models.Count; i++)
        {
            var model = options.Models[i];
            foreach (var (key, reason) in Failures(model).Concat(SchedulingOptionsChecks.Failures(model)))
            {
                yield return ($"Models:{i}:{key}", reason);
            }

            if (!seen.Add((model.Name, model.Version)))
            {
                yield return ($"Models:{i}", "repeats a name and version.");
            }
        }
    }

    private static IEnumerable<(string Key, double Value, double Least, double Most)> Ranges(RuntimeOptions options) =>
    [
        ("Threads", options.Threads, 0, 1024),
        ("ParallelRuns", options.ParallelRuns, 0, 1024),
        ("InterOpThreads", options.InterOpThreads, 1, 1024),
        ("PooledTensorBytes", options.PooledTensorBytes, 0, 1L << 40),
        ("QueueLimit", options.QueueLimit, 1, 100_000),
        ("MaxRequestBytes", options.MaxRequestBytes, 1024, 1024 * 1024 * 1024),
        ("MaxTensorBytes", options.MaxTensorBytes, 1024, int.MaxValue),
        ("MaxBytesInFlight", options.MaxBytesInFlight, options.MaxRequestBytes, 1L << 40),
        ("DrainGraceSeconds", options.DrainGraceSeconds, 0, 600),
        ("DrainTimeoutSeconds", options.DrainTimeoutSeconds, 0, 3600),
        ("FetchStallSeconds", options.FetchStallSeconds, 1, 3600),
    ];

    private static IEnumerable<(string Key, string Reason)> Failures(ModelOptions model)
    {
        if (!IsName(model.Name))
        {
            yield return ("Name", $"must be 1 to {MaxNameLength} letters, digits, '.', '_' or '-', starting with a letter or digit.");
        }

        if (!IsName(model.Version))
        {
            yield return ("Version", $"must be 1 to {MaxNameLength} letters, digits, '.', '_' or '-', starting with a letter or digit.");
        }

        if (!FileRules.IsSha256(model.Digest))
        {
            yield return ("Digest", "must be 64 hexadecimal digits.");
        }

        if (model.Format != "onnx")
        {
            yield return ("Format", "must be 'onnx'.");
        }
        else if (model.Files.Count > 0 && ModelFiles.EntryPoint(model) is null)
        {
            yield return ("Files", "must hold one .onnx file, or several of which one is named model.onnx.");
        }

        foreach (var (key, reason) in ExecutionValidator.Failures(model.Execution))
        {
            yield return ($"Execution:{key}", reason);
        }

        foreach (var (key, reason) in model.Processing is { } processing ? ProcessingRules.Failures(processing) : [])
        {
            yield return ($"Processing:{key}", reason);
        }

        foreach (var failure in FileRules.Failures(model.Files))
        {
            yield return failure;
        }
    }

    private static bool AreListenAddresses(string urls)
    {
        var addresses = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return addresses.Length > 0 && addresses.All(a =>
            a.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(a.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var uri) && uri.AbsolutePath == "/");
    }

    private static bool IsName(string value) =>
        value.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(value[0])
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
