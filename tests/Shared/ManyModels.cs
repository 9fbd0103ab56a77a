using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Testing;

/// <summary>Fills a registry with many models, for paging and for measuring.</summary>
internal static class ManyModels
{
    /// <summary>When the models were made; they changed at few different moments, so that sorting by time has ties.</summary>
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Adds models <c>m-00000</c> and so on, shuffled, with tags and owners to search for.</summary>
    public static async Task FillAsync(IDbContextFactory<RegistryDb> databases, int models, int versionsEach, CancellationToken cancellation = default)
    {
        var random = new Random(1);
        var order = Enumerable.Range(0, models).ToArray();
        random.Shuffle(order);
        foreach (var batch in order.Chunk(500))
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            db.ChangeTracker.AutoDetectChangesEnabled = false;
            foreach (var number in batch)
            {
                var at = Start.AddMinutes(number % 97);
                var model = Model.Create(Name(number), $"Number {number}.", Guid.NewGuid(), number % 10 == 0 ? "Olga" : "uli", at).Value;
                model.Describe(model.Description, number % 100 == 7 ? ["Lucky", "seven"] : [], at);
                db.Models.Add(model);
                for (var version = 0; version < versionsEach; version++)
                {
                    db.Versions.Add(Version(model, number % 50 == 0 ? "gguf" : "onnx", at));
                }

                if (versionsEach == 0)
                {
                    for (var version = 0; version < number % 7; version++)
                    {
                        model.NextVersion("onnx", at);
                    }
                }
            }

            await db.SaveChangesAsync(cancellation);
        }
    }

    /// <summary>The name of a model by its number.</summary>
    public static string Name(int number) => $"m-{number:00000}";

    private static ModelVersion Version(Model model, string format, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        return ModelVersion.Create(
            [new() { VersionId = id, Path = "model.onnx", SizeBytes = 1000, Sha256 = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()).PadRight(64, '0'), ObjectId = Guid.NewGuid().ToString("N") }],
            new()
            {
                Id = id,
                ModelId = model.Id,
                Number = model.NextVersion(format, now).Value,
                Format = format,
                Store = "filesystem",
                UploadedById = model.OwnerId,
                UploadedByName = model.OwnerName,
                Now = now,
            });
    }
}
