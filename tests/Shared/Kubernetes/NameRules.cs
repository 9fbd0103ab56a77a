using System.Text.RegularExpressions;

namespace Ops.Testing.Kubernetes;

/// <summary>What names, labels and label values may look like, with the API's own words for what is wrong.</summary>
internal static partial class NameRules
{
    private const string LabelText = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string SubdomainText = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string Rfc1035Text = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private const string LabelValueText = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    private const string KeyNameText = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    /// <summary>What is wrong with the name of an object of a kind.</summary>
    public static IEnumerable<string> ObjectName(string kind, string name) => kind switch
    {
        "Namespace" => Label(name),
        "Service" => Check(name, 63, Rfc1035(), Rfc1035Text),
        _ when name.Contains('/', StringComparison.Ordinal) => ["may not contain '/'"],
        _ => Check(name, 253, Subdomain(), SubdomainText),
    };

    /// <summary>What is wrong with a name of a container, a port or a volume.</summary>
    public static IEnumerable<string> Label(string name) => Check(name, 63, LabelForm(), LabelText);

    /// <summary>What is wrong with a label's value.</summary>
    public static IEnumerable<string> LabelValue(string value) => Check(value, 63, LabelValueForm(), LabelValueText);

    /// <summary>What is wrong with the key of a label or annotation.</summary>
    public static IEnumerable<string> QualifiedName(string key)
    {
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            yield return "a qualified name " + KeyNameText["name part ".Length..] + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
            {
                yield return "prefix part must be non-empty";
            }
            else
            {
                foreach (var problem in Check(parts[0], 253, Subdomain(), SubdomainText))
                {
                    yield return "prefix part " + problem;
                }
            }
        }

        var name = parts[^1];
        if (name.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (name.Length > 63)
        {
            yield return "name part must be no more than 63 bytes";
        }

        if (!KeyName().IsMatch(name))
        {
            yield return KeyNameText;
        }
    }

    private static IEnumerable<string> Check(string text, int longest, Regex form, string words)
    {
        if (text.Length > longest)
        {
            yield return $"must be no more than {longest} bytes";
        }

        if (!form.IsMatch(text))
        {
            yield return words;
        }
    }

    // \z and not $, which would let a line break through at the end.
    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex LabelForm();

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex Rfc1035();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex LabelValueForm();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex KeyName();
}
