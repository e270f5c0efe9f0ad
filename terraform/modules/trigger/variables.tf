variable "deployment" {
  description = "The project, its region, and the prefix of names."
  type = object({
    project = string
    region  = string
  })
}

variable "function" {
  description = "The function that the messages go to."
  type = object({
    name    = string
    uri     = string
    timeout = number
  })

  validation {
    condition     = var.function.timeout <= 570
    error_message = "The function's timeout must be at most 570 seconds: the ack deadline is 30 more, and Pub/Sub allows 600."
  }
}

variable "resource" {
  description = "commercetools' name of the resource type, such as customer."
  type        = string
}

variable "messages" {
  description = "The types of Messages to subscribe to."
  type        = set(string)
  default     = []
}

variable "changes" {
  description = "Whether to subscribe to the notifications of created, updated and deleted resources, too."
  type        = bool
  default     = false
}

variable "subscribe" {
  description = "Whether Terraform keeps the commercetools subscription."
  type        = bool
}

variable "pubsub_agent" {
  description = "Pub/Sub's own account in the project, as an IAM member."
  type        = string
}

variable "notification_channels" {
  description = "Who is told when an alert goes off."
  type        = list(string)
}

variable "oldest_message_minutes" {
  description = "How long a message may wait before an alert goes off."
  type        = number
}
