using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Demo;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Dashboard.Features.ModelStore.Verification;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.Registry.Demo;

/// <summary>
/// Loads two small models that read handwritten digits, by the same steps as an upload from a browser: announced, sent in parts,
/// verified, written. What is there already stays as it is, and what a person has changed is not changed back.
/// </summary>
internal sealed class DigitsSample(
    UploadCommands uploads,
    UploadQueries progress,
    PartReceiver parts,
    UploadVerifier verifier,
    AliasCommands aliases,
    IDbContextFactory<RegistryDb> databases,
    ILogger<DigitsSample> log) : IDemoStep
{
    /// <summary>The model's name.</summary>
    public const string Model = "digits";

    /// <summary>The alias that the second version gets.</summary>
    public const string Alias = "champion";

    private const string Description = """
        Reads one handwritten digit.

        - **Input**: 8 x 8 grey values from 0 (paper) to 1 (ink), the optical digits of UCI as scikit-learn ships them
        - **Output**: ten logits; the largest one is the digit

        Version 1 is a plain network, version 2 a convolutional one. The convolutional one gets 98.7 % of the held-out digits right.
        """;

    private static readonly (string File, string Notes)[] Versions =
    [
        ("digits_mlp.onnx", "A multilayer perceptron: small and fast."),
        ("digits_cnn.onnx", "A convolutional network: fewer mistakes, more work a digit."),
    ];

    /// <inheritdoc/>
    public async Task RunAsync(Person operatorAccount, CancellationToken cancellation)
    {
        var caller = new Caller(operatorAccount.Id, operatorAccount.UserName ?? "", "demo", operatorAccount.SecurityStamp ?? "", Guid.NewGuid().ToString("N"));
        foreach (var (file, notes) in Versions)
        {
            if (await EnsureVersionAsync(caller, file, notes, cancellation) is { } failure)
            {
                log.SampleIncomplete(Model, failure.Message);
                return;
            }
        }

        if (await EnsureAliasAsync(caller, cancellation) is { } refused)
        {
            log.SampleIncomplete(Model, refused.Message);
        }
    }

    private async Task<Failure?> EnsureVersionAsync(Caller caller, string file, string notes, CancellationToken cancellation)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Features", "Registry", "Demo", file);
        await using var content = File.OpenRead(path);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation));
        var digest = ModelVersion.ComputeDigest([(file, hash)]);
        await using (var db = await databases.CreateDbContextAsync(cancellation))
        {
            if (await db.Versions.AnyAsync(v => v.Digest == digest && db.Models.Any(m => m.Id == v.ModelId && m.Name == Model), cancellation))
            {
                return null;
            }
        }

        var begun = await uploads.BeginAsync(
            caller,
            new() { Model = Model, Description = Description, Notes = notes, Lineage = new() { Source = "The sample that comes with Ops" }, Files = [new(file, content.Length)] },
            cancellation);
        if (!begun.Succeeded)
        {
            return begun.Failure;
        }

        return await SendAsync(caller, begun.Value, content, hash, cancellation);
    }

    private async Task<Failure?> SendAsync(Caller caller, Guid uploadId, FileStream content, string hash, CancellationToken cancellation)
    {
        var status = await progress.GetAsync(caller, uploadId, cancellation);
        if (!status.Succeeded)
        {
            return status.Failure;
        }

        var file = status.Value.Files[0];
        var part = new byte[Math.Min(file.PartSize, file.Size)];
        content.Position = 0;
        for (var number = 1; number <= file.PartCount; number++)
        {
            var length = await content.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellation);
            using var bytes = new MemoryStream(part, 0, length, writable: false);
            var kept = await parts.ReceiveAsync(caller, new(uploadId, file.Id, number, length, null), bytes, cancellation);
            if (!kept.Succeeded)
            {
                return kept.Failure;
            }
        }

        var completed = await uploads.CompleteAsync(caller, uploadId, new([new(file.Id, hash)]), cancellation);
        if (!completed.Succeeded)
        {
            return completed.Failure;
        }

        await verifier.VerifyAsync(uploadId, cancellation);
        var verified = await progress.GetAsync(caller, uploadId, cancellation);
        return !verified.Succeeded ? verified.Failure : verified.Value.Version is null ? Failure.Unavailable(verified.Value.Message ?? "The files were not verified.") : null;
    }

    private async Task<Failure?> EnsureAliasAsync(Caller caller, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.AsNoTracking().SingleAsync(m => m.Name == Model, cancellation);
        var subject = $"{Model}:{Alias}";
        if (model.ArchivedAt is not null
            || await db.Aliases.AnyAsync(a => a.ModelId == model.Id && a.Name == Alias, cancellation)
            || await db.AuditEntries.AnyAsync(e => e.Action == "alias.remove" && e.SubjectName == subject, cancellation))
        {
            return null;
        }

        return (await aliases.MoveAsync(caller, model.Id, Alias, Versions.Length, cancellation)).Failure;
    }
}
