namespace Ops.Data.Registry;

/// <summary>A named thing with an owner, tags and many versions.</summary>
public sealed class Model
{
    /// <summary>The longest name of a format in characters.</summary>
    public const int MaxFormatLength = 63;

    // Addresses below /models that are no model.
    private static readonly string[] Reserved = ["upload", "import"];

    private Model()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The unique name, an RFC 1123 label.</summary>
    public string Name { get; private init; } = "";

    /// <summary>What it is for, in Markdown; at most 4,000 characters.</summary>
    public string Description { get; private set; } = "";

    /// <summary>Free labels, each at most 63 characters.</summary>
    public List<string> Tags { get; private set; } = [];

    /// <summary>Who made it, and is asked about it.</summary>
    public Guid OwnerId { get; private set; }

    /// <summary>The owner's name when it was last set, so that lists need no join.</summary>
    public string OwnerName { get; private set; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>When it or one of its versions last changed.</summary>
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>When it was archived, or null.</summary>
    public DateTimeOffset? ArchivedAt { get; private set; }

    /// <summary>The highest version number given out, 0 before the first.</summary>
    public int LatestVersion { get; private set; }

    /// <summary>The format of the version with that number, at most <see cref="MaxFormatLength"/> characters, so that lists can be narrowed by it without reading versions; null before the first.</summary>
    public string? LatestFormat { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>Makes a model.</summary>
    public static Result<Model> Create(string name, string description, Guid ownerId, string ownerName, DateTimeOffset now)
    {
        var check = Names.Check(name, "name");
        if (!check.Succeeded)
        {
            return check.Failure;
        }

        if (Reserved.Contains(name))
        {
            return Failure.Invalid($"The name {name} is taken by a page of the product.", "name");
        }

        var model = new Model { Id = Guid.CreateVersion7(now), Name = name, OwnerId = ownerId, OwnerName = ownerName, CreatedAt = now, UpdatedAt = now };
        var described = model.Describe(description, [], now);
        return described.Succeeded ? model : described.Failure;
    }

    /// <summary>Changes description and tags.</summary>
    public Result Describe(string description, IReadOnlyCollection<string> tags, DateTimeOffset now)
    {
        if (description.Length > 4000)
        {
            return Failure.Invalid("A description has at most 4,000 characters.", "description");
        }

        if (tags.Count > 20 || tags.Any(t => t.Length is 0 or > Names.MaxLength || t.Any(char.IsControl)))
        {
            return Failure.Invalid("At most 20 tags of 1 to 63 characters.", "tags");
        }

        Description = description;
        Tags = [.. tags.Distinct(StringComparer.Ordinal)];
        Touch(now);
        return Result.Done;
    }

    /// <summary>Hands out the next version number, to the version that becomes the latest.</summary>
    /// <param name="format">The format of that version.</param>
    /// <param name="now">The time.</param>
    public Result<int> NextVersion(string format, DateTimeOffset now)
    {
        if (ArchivedAt is not null)
        {
            return Failure.Conflict($"{Name} is archived. Restore it before you add a version.");
        }

        LatestVersion++;
        LatestFormat = format;
        Touch(now);
        return LatestVersion;
    }

    /// <summary>Takes it out of lists and choices; nothing is deleted.</summary>
    public Result Archive(DateTimeOffset now)
    {
        if (ArchivedAt is not null)
        {
            return Failure.Conflict($"{Name} is archived already.");
        }

        ArchivedAt = now;
        Touch(now);
        return Result.Done;
    }

    /// <summary>Undoes <see cref="Archive"/>.</summary>
    public Result Restore(DateTimeOffset now)
    {
        if (ArchivedAt is null)
        {
            return Failure.Conflict($"{Name} is not archived.");
        }

        ArchivedAt = null;
        Touch(now);
        return Result.Done;
    }

    /// <summary>Notes that something below it changed.</summary>
    public void Touch(DateTimeOffset now)
    {
        UpdatedAt = now;
        Revision++;
    }
}
