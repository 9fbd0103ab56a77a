using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Ops.Data.Registry;

namespace Ops.Data.ModelStore;

internal sealed class UploadConfiguration : IEntityTypeConfiguration<Upload>
{
    public void Configure(EntityTypeBuilder<Upload> builder)
    {
        builder.Property(u => u.Id).ValueGeneratedNever();
        builder.Property(u => u.Revision).IsConcurrencyToken();
        builder.HasIndex(u => new { u.State, u.ExpiresAt });
        builder.HasIndex(u => new { u.PersonId, u.State });
        builder.HasMany(u => u.Files).WithOne().HasForeignKey(f => f.UploadId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class UploadFileConfiguration : IEntityTypeConfiguration<UploadFile>
{
    public void Configure(EntityTypeBuilder<UploadFile> builder)
    {
        builder.Property(f => f.Id).ValueGeneratedNever();
        builder.Property(f => f.Path).HasMaxLength(VersionFile.MaxPathLength);
        builder.Property(f => f.ObjectId).HasMaxLength(128);
        builder.Property(f => f.StoreToken).HasMaxLength(2048);
        builder.HasIndex(f => f.ObjectId).IsUnique();
        builder.HasIndex(f => new { f.UploadId, f.Path }).IsUnique();
    }
}

internal sealed class UploadPartConfiguration : IEntityTypeConfiguration<UploadPart>
{
    public void Configure(EntityTypeBuilder<UploadPart> builder)
    {
        builder.HasKey(p => new { p.FileId, p.Number });
        builder.HasOne<UploadFile>().WithMany().HasForeignKey(p => p.FileId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class TransferConfiguration : IEntityTypeConfiguration<Transfer>
{
    public void Configure(EntityTypeBuilder<Transfer> builder)
    {
        builder.Property(t => t.Id).ValueGeneratedNever();
        builder.Property(t => t.ModelName).HasMaxLength(Names.MaxLength);
        builder.Property(t => t.Source).HasMaxLength(Transfer.MaxAddressLength);
        builder.Property(t => t.ExpectedSha256).HasMaxLength(64);
        builder.Property(t => t.Revision).IsConcurrencyToken();
        builder.HasIndex(t => new { t.State, t.NextTryAt });
        builder.HasIndex(t => new { t.PersonId, t.State });
    }
}

internal sealed class StoreConfiguration : IEntityTypeConfiguration<Store>
{
    public void Configure(EntityTypeBuilder<Store> builder)
    {
        builder.Property(s => s.Id).ValueGeneratedNever();
        builder.Property(s => s.Name).HasMaxLength(Names.MaxLength);
        builder.Property(s => s.Kind).HasMaxLength(32);
        builder.Property(s => s.Revision).IsConcurrencyToken();
        builder.HasIndex(s => s.Name).IsUnique();
    }
}

internal sealed class StoreDefaultConfiguration : IEntityTypeConfiguration<StoreDefault>
{
    public void Configure(EntityTypeBuilder<StoreDefault> builder)
    {
        builder.HasKey(d => d.Scope);

        // Of two people who move a default at once, the second is told, so that the audit names the store it really moved from.
        builder.Property(d => d.StoreId).IsConcurrencyToken();
        builder.HasOne<Store>().WithMany().HasForeignKey(d => d.StoreId).OnDelete(DeleteBehavior.Restrict);
    }
}
