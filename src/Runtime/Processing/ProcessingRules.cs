using Ops.Runtime.Models;

namespace Ops.Runtime.Processing;

/// <summary>What processing options must be whatever the model: every failure at once, each with its key.</summary>
internal static class ProcessingRules
{
    /// <summary>Longest side of an image in pixels. It also bounds the tables of the resampler.</summary>
    public const int MaxSide = 32_768;

    /// <summary>Longest side of a tensor in pixels.</summary>
    public const int MaxTensorSide = 16_384;
    private const long MostPixels = 100_000_000;

    /// <summary>All failures; none when the options are fine.</summary>
    public static IEnumerable<(string Key, string Reason)> Failures(ProcessingOptions options)
    {
        for (var i = 0; i < options.Inputs.Count; i++)
        {
            foreach (var (key, reason) in Failures(options.Inputs[i]))
            {
                yield return ($"Inputs:{i}:{key}", reason);
            }

            if (options.Inputs.FindIndex(o => o.Name == options.Inputs[i].Name) < i)
            {
                yield return ($"Inputs:{i}:Name", "repeats the name of another input.");
            }
        }

        for (var i = 0; i < options.Outputs.Count; i++)
        {
            foreach (var (key, reason) in Failures(options.Outputs[i]))
            {
                yield return ($"Outputs:{i}:{key}", reason);
            }

            if (options.Outputs.FindIndex(o => o.Name == options.Outputs[i].Name) < i)
            {
                yield return ($"Outputs:{i}:Name", "repeats the name of another output.");
            }
        }
    }

    private static IEnumerable<(string Key, string Reason)> Failures(InputProcessingOptions input)
    {
        if (input.Name.Length == 0)
        {
            yield return ("Name", "must be the name of an input of the model.");
        }

        foreach (var (key, value, allowed) in ((string, string, string[])[])
        [
            ("Kind", input.Kind, ["image"]),
            ("Resize", input.Resize, ["stretch", "crop", "pad"]),
            ("Interpolation", input.Interpolation, ["nearest", "bilinear", "bicubic"]),
            ("Color", input.Color, ["RGB", "BGR", "GRAY"]),
            ("Layout", input.Layout, ["NCHW", "NHWC"]),
            ("Orientation", input.Orientation, ["apply", "ignore"]),
        ])
        {
            if (!allowed.Contains(value, StringComparer.Ordinal))
            {
                yield return (key, $"must be {string.Join(" or ", allowed)}.");
            }
        }

        foreach (var (key, value, least, most) in ((string, long, long, long)[])
        [
            ("Width", input.Width, 0, MaxTensorSide),
            ("Height", input.Height, 0, MaxTensorSide),
            ("ShortSide", input.ShortSide, 0, MaxTensorSide),
            ("Padding", input.Padding, 0, 255),
            ("MaxBatch", input.MaxBatch, 1, 4096),
            ("MaxPixels", input.MaxPixels, 1, MostPixels),
            ("MaxRequestPixels", input.MaxRequestPixels, 1, 100 * MostPixels),
        ])
        {
            if (value < least || value > most)
            {
                yield return (key, $"must be from {least} to {most}.");
            }
        }

        if (input.ShortSide > 0 && input.Resize != "crop")
        {
            yield return ("ShortSide", "is only for the resize mode crop.");
        }

        if (!double.IsFinite(input.Scale) || input.Scale == 0)
        {
            yield return ("Scale", "must be a number other than 0.");
        }

        var channels = input.Color == "GRAY" ? 1 : 3;
        foreach (var (key, values, isFine) in ((string, List<double>, bool)[])
        [
            ("Mean", input.Mean, input.Mean.TrueForAll(double.IsFinite)),
            ("Std", input.Std, input.Std.TrueForAll(s => double.IsFinite(s) && s != 0)),
        ])
        {
            if (values.Count > 1 && values.Count != channels)
            {
                yield return (key, $"must hold one number or {channels}, one per channel.");
            }

            if (!isFine)
            {
                yield return (key, key == "Std" ? "must hold numbers other than 0." : "must hold numbers.");
            }
        }
    }

    private static IEnumerable<(string Key, string Reason)> Failures(OutputProcessingOptions output)
    {
        if (output.Name.Length == 0)
        {
            yield return ("Name", "must be the name of an output of the model.");
        }

        if (!output.Softmax && output.TopK == 0)
        {
            yield return ("Softmax", "or TopK must be asked for, otherwise nothing happens to this output.");
        }

        if (output.TopK is < 0 or > 10_000)
        {
            yield return ("TopK", "must be from 0 to 10000.");
        }

        if (output.TopK == 0 && (output.Labels.Count > 0 || output.LabelsFile is not null || output.Keep))
        {
            yield return ("TopK", "must be at least 1, since Labels, LabelsFile and Keep are only for it.");
        }

        if (output.Labels.Count > 0 && output.LabelsFile is not null)
        {
            yield return ("LabelsFile", "must not be given beside Labels.");
        }

        if (output.LabelsFile is not null && ModelFilePath.Refuse(output.LabelsFile) is { } reason)
        {
            yield return ("LabelsFile", reason);
        }

        if (output.Labels.Exists(l => l.Contains('\0', StringComparison.Ordinal)))
        {
            yield return ("Labels", "must hold no NUL character.");
        }
    }
}
