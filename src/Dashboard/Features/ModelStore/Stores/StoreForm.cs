namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>How one kind of store is set up: its fields in words. What the values may be is the kind's own business.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Title">What it is called, such as <c>S3 bucket</c>.</param>
/// <param name="Summary">For whom it is, in one sentence.</param>
/// <param name="Fields">What there is to say about it, in this order.</param>
public sealed record StoreForm(string Kind, string Title, string Summary, IReadOnlyList<StoreField> Fields)
{
    /// <summary>Where the bytes are, in words, for lists.</summary>
    public required Func<IReadOnlyDictionary<string, string>, string> Where { get; init; }

    /// <summary>The field of a name, or null.</summary>
    public StoreField? Find(string? key) => Fields.FirstOrDefault(f => f.Key == key);
}

/// <summary>One setting or secret.</summary>
/// <param name="Key">Its name in the settings or secrets of the kind.</param>
/// <param name="Label">Its name on the screen.</param>
/// <param name="Type">How it is asked for.</param>
public sealed record StoreField(string Key, string Label, StoreFieldType Type = StoreFieldType.Text)
{
    /// <summary>A sentence below the input.</summary>
    public string? Help { get; init; }

    /// <summary>Whether it may stay empty.</summary>
    public bool Optional { get; init; }

    /// <summary>Whether it stands behind "More settings".</summary>
    public bool Advanced { get; init; }

    /// <summary>What a new store begins with.</summary>
    public string? Default { get; init; }

    /// <summary>The most characters.</summary>
    public int MaxLength { get; init; } = 255;

    /// <summary>Value and text of each choice of a <see cref="StoreFieldType.Choice"/>.</summary>
    public IReadOnlyList<(string Value, string Text)> Choices { get; init; } = [];

    /// <summary>Whether it is encrypted and never shown again.</summary>
    public bool IsSecret => Type is StoreFieldType.Secret or StoreFieldType.LongSecret;

    /// <summary>Whether it may have line breaks.</summary>
    public bool IsLong => Type is StoreFieldType.LongText or StoreFieldType.LongSecret;
}

/// <summary>How a setting is asked for.</summary>
public enum StoreFieldType
{
    /// <summary>One line.</summary>
    Text,

    /// <summary>Several lines.</summary>
    LongText,

    /// <summary>Yes or no.</summary>
    Switch,

    /// <summary>One of a few.</summary>
    Choice,

    /// <summary>A secret: asked for, never shown.</summary>
    Secret,

    /// <summary>A secret of several lines, such as a private key.</summary>
    LongSecret,
}

/// <summary>What an administrator entered. Everything is text; switches are <c>true</c> or <c>false</c>.</summary>
internal sealed record StoreInput
{
    /// <summary>The name of a new store.</summary>
    public string? Name { get; init; }

    /// <summary>The kind of a new store.</summary>
    public string? Kind { get; init; }

    /// <summary>Settings by the keys of the form.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Secrets by the keys of the form; an empty one stays as it is.</summary>
    public IReadOnlyDictionary<string, string?> Secrets { get; init; } = new Dictionary<string, string?>();
}
