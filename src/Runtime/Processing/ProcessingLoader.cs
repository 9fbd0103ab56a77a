using System.Text;
using Ops.Runtime.Configuration;
using Ops.Runtime.Models;

namespace Ops.Runtime.Processing;

/// <summary>Finds out how a version is processed, from its verified files and the configuration.</summary>
internal static class ProcessingLoader
{
    private const int MaxFileBytes = 1024 * 1024;
    private const int MaxLabelsBytes = 16 * 1024 * 1024;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The options, with the content of label files in place of their names.</summary>
    /// <param name="model">The version.</param>
    /// <param name="folder">Holds its verified files.</param>
    /// <returns>Null when the version is served as it is.</returns>
    /// <exception cref="ModelLoadException">They are wrong: all failures, in plain words.</exception>
    public static ProcessingOptions? Load(ModelOptions model, string folder)
    {
        var options = model.Processing ?? Read(model, folder);
        if (options is null)
        {
            return null;
        }

        return new ProcessingOptions
        {
            Inputs = options.Inputs,
            Outputs = options.Outputs.ConvertAll(o => o.LabelsFile is null ? o : new OutputProcessingOptions
            {
                Name = o.Name,
                Softmax = o.Softmax,
                TopK = o.TopK,
                Labels = ReadLabels(model, folder, o.LabelsFile),
                Keep = o.Keep,
            }),
        };
    }

    private static ProcessingOptions? Read(ModelOptions model, string folder)
    {
        var file = model.Files.Find(f => f.Path.Equals(ProcessingFile.Name, StringComparison.Ordinal));
        if (file is null)
        {
            return null;
        }

        return ProcessingFile.Parse(ReadBytes(file, folder, MaxFileBytes), out var failures)
            ?? throw new ModelLoadException($"Its {ProcessingFile.Name} is wrong. {string.Join(' ', failures)}");
    }

    private static List<string> ReadLabels(ModelOptions model, string folder, string path)
    {
        var file = model.Files.Find(f => f.Path.Equals(path, StringComparison.Ordinal))
            ?? throw new ModelLoadException($"The file of labels '{path}' is not among its files.");
        string text;
        try
        {
            text = StrictUtf8.GetString(ReadBytes(file, folder, MaxLabelsBytes));
        }
        catch (DecoderFallbackException exception)
        {
            throw new ModelLoadException($"The file of labels '{path}' is not UTF-8 text.", exception);
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ModelLoadException($"The file of labels '{path}' holds a NUL character.");
        }

        // The line is the class, so an empty line in between is a class without a name and stays.
        var lines = text.TrimStart('\uFEFF').Split('\n').Select(l => l.TrimEnd('\r')).ToList();
        if (lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines;
    }

    private static byte[] ReadBytes(ModelFileOptions file, string folder, int most)
    {
        if (file.Size > most)
        {
            throw new ModelLoadException($"Its file '{file.Path}' is larger than {most} bytes.");
        }

        try
        {
            return File.ReadAllBytes(Path.Combine(folder, file.Path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelLoadException($"Its file '{file.Path}' cannot be read.", exception);
        }
    }
}
