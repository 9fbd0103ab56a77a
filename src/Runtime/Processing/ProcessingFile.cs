using System.Text.Json;

namespace Ops.Runtime.Processing;

/// <summary>
/// Reads a version's <c>processing.json</c>. Strict: a member that is misspelt, repeated or of the wrong kind is a
/// failure and never a default, since the model would still answer, only wrongly.
/// </summary>
internal sealed class ProcessingFile
{
    /// <summary>The file's name among the files of a version.</summary>
    public const string Name = "processing.json";

    private readonly List<string> failures = [];

    private ProcessingFile()
    {
    }

    /// <summary>Parses the file.</summary>
    /// <param name="json">Its content, UTF-8.</param>
    /// <param name="failures">What is wrong with it, each with its place; the result is null then.</param>
    public static ProcessingOptions? Parse(ReadOnlyMemory<byte> json, out IReadOnlyList<string> failures)
    {
        var file = new ProcessingFile();
        failures = file.failures;
        ProcessingOptions? options = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            options = file.Root(document.RootElement);
        }
        catch (JsonException exception)
        {
            file.failures.Add($"It is not valid JSON: {exception.Message}");
        }

        if (options is not null)
        {
            file.failures.AddRange(ProcessingRules.Failures(options).Select(f => $"{f.Key} {f.Reason}"));
        }

        return file.failures.Count == 0 ? options : null;
    }

    private ProcessingOptions Root(JsonElement root)
    {
        var options = new ProcessingOptions();
        Members(root, string.Empty, (name, value) => name switch
        {
            "inputs" => Items(value, "Inputs", (item, key) => options.Inputs.Add(Input(item, key))),
            "outputs" => Items(value, "Outputs", (item, key) => options.Outputs.Add(Output(item, key))),
            _ => false,
        });
        return options;
    }

    private InputProcessingOptions Input(JsonElement item, string key)
    {
        var input = new InputProcessingOptions();
        Members(item, key, (name, value) => name switch
        {
            "name" => Text(value, key, "Name", v => input.Name = v),
            "kind" => Text(value, key, "Kind", v => input.Kind = v),
            "width" => Whole(value, key, "Width", v => input.Width = v),
            "height" => Whole(value, key, "Height", v => input.Height = v),
            "resize" => Text(value, key, "Resize", v => input.Resize = v),
            "shortSide" => Whole(value, key, "ShortSide", v => input.ShortSide = v),
            "interpolation" => Text(value, key, "Interpolation", v => input.Interpolation = v),
            "padding" => Whole(value, key, "Padding", v => input.Padding = v),
            "color" => Text(value, key, "Color", v => input.Color = v),
            "layout" => Text(value, key, "Layout", v => input.Layout = v),
            "scale" => Number(value, $"{key}:Scale", v => input.Scale = v),
            "mean" => Items(value, $"{key}:Mean", (element, place) => Number(element, place, input.Mean.Add)),
            "std" => Items(value, $"{key}:Std", (element, place) => Number(element, place, input.Std.Add)),
            "orientation" => Text(value, key, "Orientation", v => input.Orientation = v),
            "maxBatch" => Whole(value, key, "MaxBatch", v => input.MaxBatch = v),
            "maxPixels" => Whole(value, key, "MaxPixels", v => input.MaxPixels = v),
            "maxRequestPixels" => Whole(value, key, "MaxRequestPixels", v => input.MaxRequestPixels = v),
            _ => false,
        });
        return input;
    }

    private OutputProcessingOptions Output(JsonElement item, string key)
    {
        var output = new OutputProcessingOptions();
        Members(item, key, (name, value) => name switch
        {
            "name" => Text(value, key, "Name", v => output.Name = v),
            "softmax" => Truth(value, key, "Softmax", v => output.Softmax = v),
            "topK" => Whole(value, key, "TopK", v => output.TopK = v),
            "labels" => Items(value, $"{key}:Labels", (element, place) => Text(element, place, null, output.Labels.Add)),
            "labelsFile" => Text(value, key, "LabelsFile", v => output.LabelsFile = v),
            "keep" => Truth(value, key, "Keep", v => output.Keep = v),
            _ => false,
        });
        return output;
    }

    /// <summary>Every reader below returns true when it knew the member, wrong value or not, so that a switch can end in
    /// false for the ones nobody knows.</summary>
    private void Members(JsonElement element, string key, Func<string, JsonElement, bool> read)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            failures.Add($"{(key.Length == 0 ? "The file" : key)} must be an object.");
            return;
        }

        foreach (var member in element.EnumerateObject())
        {
            if (!read(member.Name, member.Value))
            {
                failures.Add($"{(key.Length == 0 ? "The file" : key)} has a member '{member.Name}', which means nothing here.");
            }
        }
    }

    private bool Items(JsonElement value, string key, Action<JsonElement, string> read)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            failures.Add($"{key} must be an array.");
            return true;
        }

        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            read(item, $"{key}:{index++}");
        }

        return true;
    }

    private bool Text(JsonElement value, string key, string? member, Action<string> set)
    {
        try
        {
            if (value.ValueKind == JsonValueKind.String)
            {
                set(value.GetString()!);
                return true;
            }
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate: no text either.
        }

        failures.Add($"{(member is null ? key : $"{key}:{member}")} must be text.");
        return true;
    }

    private bool Whole(JsonElement value, string key, string member, Action<int> set)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            set(number);
        }
        else
        {
            failures.Add($"{key}:{member} must be a whole number.");
        }

        return true;
    }

    private bool Truth(JsonElement value, string key, string member, Action<bool> set)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            set(value.GetBoolean());
        }
        else
        {
            failures.Add($"{key}:{member} must be true or false.");
        }

        return true;
    }

    private bool Number(JsonElement value, string key, Action<double> set)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number))
        {
            set(number);
        }
        else
        {
            failures.Add($"{key} must be a number.");
        }

        return true;
    }
}
