-- Names of events that are known here: the service has hundreds, so an unknown name is only noted, never refused.
local ascii = require "cloudaudit.ascii"

local names = {}

local LIST = [[
AddSubAccount AddSubAccountCheckingMFA AddSubAccountsToGroup AddUser AddUserToGroup AssumeRole AttachGroupPolicies
AttachGroupPolicy AttachRolePolicies AttachRolePolicy AttachUserPolicies AttachUserPolicy AttachUsersPolicy
BatchOperateCamStrategy CheckBucket ConsoleLogin CreateAccessKey CreateApiKey CreateAudit CreateAuditTrack
CreateCollApiKey CreateEventsAuditTrack CreateGroup CreateImage CreateKey CreatePolicy CreatePolicyVersion
CreateProjectKey CreateRole CreateRoute CreateSAMLProvider CreateSecurityGroup CreateSecurityGroupPolicies
CreateSecurityGroupPolicy CreateSubAccounts DeleteAccessKey DeleteAudit DeleteAuditTrack DeleteBucket
DeleteBucketPolicy DeleteFlowLog DeleteImages DeleteImportedKeyMaterial DeleteLogset DeleteObject
DeleteRolePermissionsBoundary DeleteSecurityGroup DeleteTopic DeleteUser DescribeAudit DescribeAuditTrack
DescribeAuditTracks DescribeEvents DescribeImages DescribeInstances DescribeRegions DescribeSecurityGroups DescribeVpcs
DescribeZones DetachUserPolicy DisableKey DisableKeys EnableApiKey EnableCollApiKey GetBucket GetObject GetUserAppId
ListAttachedUserAllPolicies ListAudits ListUsers LookUpEvents ModifyAuditTrack ModifyEventsAuditTrack
ModifyImageSharePermission ModifyInstancesAttribute ModifyNetworkAclEntries ModifyRoute ModifySecurityGroupPolicys
ModifySingleSecurityGroupPolicy PutBucket PutBucketACL PutBucketLifecycle PutBucketPolicy PutBucketVersioning
PutBucketWebsite PutObject QueryKeyBySecretId RebootInstances ResetInstancesPassword RunInstances ScheduleKeyDeletion
SetDefaultPolicyVersion SetOffsiteLoginFlag SetSafeAuthFlag StartInstances StartLogging StopInstances StopLogging
TerminateInstances UnbindStoken UnbindToken UpdateAccessKey UpdateAssumeRolePolicy UpdateAudit UpdateCamStrategy
UpdatePasswordRules UpdatePolicy UpdateRoleConsoleLogin UpdateSAMLProvider UpdateUser
]]

--- The names, and by their lower-case form.
names.list, names.by_lower = {}, {}
for name in LIST:gmatch("%S+") do
  names.list[#names.list + 1] = name
  names.by_lower[ascii.lower(name)] = name
end

return names
