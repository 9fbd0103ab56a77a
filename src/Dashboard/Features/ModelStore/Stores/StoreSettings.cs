using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Settings of a store between the form, where everything is text, and the JSON in the registry.</summary>
internal static class StoreSettings
{
    /// <summary>The fields as text; what is not set is missing.</summary>
    public static Dictionary<string, string> Read(StoreForm form, string settingsJson)
    {
        using var document = JsonDocument.Parse(settingsJson);
        Dictionary<string, string> values = [];
        foreach (var field in form.Fields.Where(f => !f.IsSecret))
        {
            if (document.RootElement.TryGetProperty(field.Key, out var value) && value.ValueKind is not JsonValueKind.Null)
            {
                values[field.Key] = value.ValueKind switch
                {
                    JsonValueKind.True => "true",
                    JsonValueKind.False => "false",
                    JsonValueKind.String => value.GetString()!,
                    _ => value.GetRawText(),
                };
            }
        }

        return values;
    }

    /// <summary>The JSON of what was entered. Keys that the form does not know are left out, so nothing comes in beside it.</summary>
    public static Result<string> Write(StoreForm form, StoreInput input)
    {
        JsonObject settings = [];
        foreach (var field in form.Fields)
        {
            var text = (field.IsSecret ? input.Secrets : input.Settings).GetValueOrDefault(field.Key)?.Trim();
            if (text?.Length > field.MaxLength)
            {
                return Failure.Invalid($"At most {field.MaxLength} characters.", field.Key);
            }

            if (text?.Any(c => char.IsControl(c) && !(field.IsLong && c is '\n' or '\r')) == true)
            {
                return Failure.Invalid("This text has control characters.", field.Key);
            }

            if (field.Type == StoreFieldType.Choice && text?.Length > 0 && field.Choices.All(c => c.Value != text))
            {
                return Failure.Invalid("Choose one of the list.", field.Key);
            }

            if (field.IsSecret || string.IsNullOrEmpty(text))
            {
                continue;
            }

            settings[field.Key] = field.Type == StoreFieldType.Switch ? text == "true" : text;
        }

        var missing = form.Fields.FirstOrDefault(f => !f.Optional && f.Type is StoreFieldType.Text or StoreFieldType.LongText && !settings.ContainsKey(f.Key));
        return missing is null ? Result.Of(settings.ToJsonString()) : Failure.Invalid("This is needed.", missing.Key);
    }

    /// <summary>The secrets after an input: what was entered, and what was there for fields left empty.</summary>
    public static Result<Dictionary<string, string>> Merge(StoreForm form, StoreInput input, IReadOnlyDictionary<string, string> before)
    {
        Dictionary<string, string> merged = [];
        foreach (var field in form.Fields.Where(f => f.IsSecret))
        {
            var entered = input.Secrets.GetValueOrDefault(field.Key)?.Trim();
            if ((string.IsNullOrEmpty(entered) ? before.GetValueOrDefault(field.Key) : entered) is { } value)
            {
                merged[field.Key] = value;
            }
            else if (!field.Optional)
            {
                return Failure.Invalid("This is needed.", field.Key);
            }
        }

        return Result.Of(merged);
    }

    /// <summary>What the audit says of settings and secrets: every setting, and of secrets only whether they are set or were entered anew.</summary>
    public static SortedDictionary<string, string> ForAudit(StoreForm form, string settingsJson, IReadOnlyDictionary<string, string> secrets, IReadOnlyDictionary<string, string>? before = null)
    {
        SortedDictionary<string, string> words = new(Read(form, settingsJson), StringComparer.Ordinal);
        foreach (var field in form.Fields.Where(f => f.IsSecret))
        {
            words[field.Key] = !secrets.TryGetValue(field.Key, out var value) ? "not set" : before is null || before.GetValueOrDefault(field.Key) == value ? "set" : "entered anew";
        }

        return words;
    }
}
