using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ops.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ModelStores : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "DamageMessage",
                table: "Versions",
                type: "TEXT",
                maxLength: 2000,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DeletedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DeletedByName",
                table: "Versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "LastVerifiedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "PurgedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "StateBeforeDamage",
                table: "Versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "StateBeforeDeletion",
                table: "Versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "VerifyRequestedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DirectTrouble",
                table: "Uploads",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "TransferId",
                table: "Uploads",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "Unpack",
                table: "Uploads",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "StoreToken",
                table: "UploadFiles",
                type: "TEXT",
                maxLength: 2048,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "RetentionRules",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    IsEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    KeepLast = table.Column<int>(type: "INTEGER", nullable: false),
                    KeepDays = table.Column<int>(type: "INTEGER", nullable: false),
                    ChangedByName = table.Column<string>(type: "TEXT", nullable: false),
                    ChangedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RetentionRules", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Stores",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 63, nullable: false),
                    Kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    SettingsJson = table.Column<string>(type: "TEXT", nullable: false),
                    ProtectedSecrets = table.Column<string>(type: "TEXT", nullable: true),
                    RetiredAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    CreatedByName = table.Column<string>(type: "TEXT", nullable: false),
                    ChangedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ChangedByName = table.Column<string>(type: "TEXT", nullable: false),
                    Revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Stores", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Transfers",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    ModelName = table.Column<string>(type: "TEXT", maxLength: 63, nullable: false),
                    Description = table.Column<string>(type: "TEXT", nullable: false),
                    Notes = table.Column<string>(type: "TEXT", nullable: false),
                    Source = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: false),
                    ProtectedAddress = table.Column<string>(type: "TEXT", nullable: true),
                    SourceRevision = table.Column<string>(type: "TEXT", nullable: true),
                    ExpectedSha256 = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    Unpack = table.Column<bool>(type: "INTEGER", nullable: false),
                    Store = table.Column<string>(type: "TEXT", nullable: false),
                    PersonId = table.Column<Guid>(type: "TEXT", nullable: false),
                    PersonName = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    EndedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    Attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    NextTryAt = table.Column<long>(type: "INTEGER", nullable: false),
                    FailureMessage = table.Column<string>(type: "TEXT", nullable: true),
                    UploadId = table.Column<Guid>(type: "TEXT", nullable: true),
                    ListingJson = table.Column<string>(type: "TEXT", nullable: true),
                    FileCount = table.Column<int>(type: "INTEGER", nullable: false),
                    TotalBytes = table.Column<long>(type: "INTEGER", nullable: true),
                    VersionId = table.Column<Guid>(type: "TEXT", nullable: true),
                    VersionNumber = table.Column<int>(type: "INTEGER", nullable: true),
                    Revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Transfers", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "VersionMoves",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    VersionId = table.Column<Guid>(type: "TEXT", nullable: false),
                    FromStore = table.Column<string>(type: "TEXT", nullable: false),
                    ToStore = table.Column<string>(type: "TEXT", nullable: false),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    RequestedByName = table.Column<string>(type: "TEXT", nullable: false),
                    RequestedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    EndedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    FailureMessage = table.Column<string>(type: "TEXT", nullable: true),
                    Revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_VersionMoves", x => x.Id);
                    table.ForeignKey(
                        name: "FK_VersionMoves_Versions_VersionId",
                        column: x => x.VersionId,
                        principalTable: "Versions",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "StoreDefaults",
                columns: table => new
                {
                    Scope = table.Column<string>(type: "TEXT", nullable: false),
                    StoreId = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StoreDefaults", x => x.Scope);
                    table.ForeignKey(
                        name: "FK_StoreDefaults_Stores_StoreId",
                        column: x => x.StoreId,
                        principalTable: "Stores",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "VersionMoveFiles",
                columns: table => new
                {
                    MoveId = table.Column<Guid>(type: "TEXT", nullable: false),
                    FromObjectId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    ToObjectId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    SizeBytes = table.Column<long>(type: "INTEGER", nullable: false),
                    Sha256 = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_VersionMoveFiles", x => new { x.MoveId, x.FromObjectId });
                    table.ForeignKey(
                        name: "FK_VersionMoveFiles_VersionMoves_MoveId",
                        column: x => x.MoveId,
                        principalTable: "VersionMoves",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Versions_LastVerifiedAt",
                table: "Versions",
                column: "LastVerifiedAt");

            migrationBuilder.CreateIndex(
                name: "IX_Versions_State_DeletedAt",
                table: "Versions",
                columns: new[] { "State", "DeletedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_Versions_Store_State_SizeBytes",
                table: "Versions",
                columns: new[] { "Store", "State", "SizeBytes" });

            migrationBuilder.CreateIndex(
                name: "IX_Versions_VerifyRequestedAt",
                table: "Versions",
                column: "VerifyRequestedAt");

            migrationBuilder.CreateIndex(
                name: "IX_VersionFiles_Sha256",
                table: "VersionFiles",
                column: "Sha256");

            migrationBuilder.CreateIndex(
                name: "IX_StoreDefaults_StoreId",
                table: "StoreDefaults",
                column: "StoreId");

            migrationBuilder.CreateIndex(
                name: "IX_Stores_Name",
                table: "Stores",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Transfers_PersonId_State",
                table: "Transfers",
                columns: new[] { "PersonId", "State" });

            migrationBuilder.CreateIndex(
                name: "IX_Transfers_State_NextTryAt",
                table: "Transfers",
                columns: new[] { "State", "NextTryAt" });

            migrationBuilder.CreateIndex(
                name: "IX_VersionMoveFiles_ToObjectId",
                table: "VersionMoveFiles",
                column: "ToObjectId");

            migrationBuilder.CreateIndex(
                name: "IX_VersionMoves_State_RequestedAt",
                table: "VersionMoves",
                columns: new[] { "State", "RequestedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_VersionMoves_VersionId",
                table: "VersionMoves",
                column: "VersionId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "RetentionRules");

            migrationBuilder.DropTable(
                name: "StoreDefaults");

            migrationBuilder.DropTable(
                name: "Transfers");

            migrationBuilder.DropTable(
                name: "VersionMoveFiles");

            migrationBuilder.DropTable(
                name: "Stores");

            migrationBuilder.DropTable(
                name: "VersionMoves");

            migrationBuilder.DropIndex(
                name: "IX_Versions_LastVerifiedAt",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_Versions_State_DeletedAt",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_Versions_Store_State_SizeBytes",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_Versions_VerifyRequestedAt",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_VersionFiles_Sha256",
                table: "VersionFiles");

            migrationBuilder.DropColumn(
                name: "DamageMessage",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "DeletedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "DeletedByName",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "LastVerifiedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "PurgedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "StateBeforeDamage",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "StateBeforeDeletion",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "VerifyRequestedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "DirectTrouble",
                table: "Uploads");

            migrationBuilder.DropColumn(
                name: "TransferId",
                table: "Uploads");

            migrationBuilder.DropColumn(
                name: "Unpack",
                table: "Uploads");

            migrationBuilder.DropColumn(
                name: "StoreToken",
                table: "UploadFiles");
        }
    }
}
